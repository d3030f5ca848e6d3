"""Reads comparisons and prompts from a stream, one record at a time; bad records are named, good ones are kept."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Literal, TypeVar

from common.phrases import Phrase, gettext_noop
from labeling.exchange.building import text_warnings
from labeling.exchange.columns import plain_names, proposed_mapping
from labeling.exchange.decoding import (
    parse_json,
    parse_object,
    parse_text,
    rejected,
    require_storable,
    stands_for_refused,
    with_messages,
)
from labeling.exchange.errors import UndetectedDialect, UnknownDialect
from labeling.exchange.first_records import first_objects, on_their_scale
from labeling.exchange.mapping import MAPPED, ColumnMapping, has_columns, mapped_prompt, mapped_reader
from labeling.exchange.opening import Framing, open_records
from labeling.exchange.parsing import BadRecordError, refuse_unkept
from labeling.exchange.plain_lines import FIRST, are_json_texts, refuse_unknown_table
from labeling.exchange.prompt_reader import is_only_a_prompt, is_prompt, read_prompt
from labeling.exchange.raw import ByteStream, RawRecord, ReadLimits
from labeling.exchange.reader import Comparisons, Reader
from labeling.exchange.readers import READERS
from labeling.exchange.records import ImportedComparison, ImportedPrompt, JsonObject, Message, Rejected
from labeling.exchange.tallies import Tally
from labeling.exchange.usual_names import by_usual_names, in_any_spelling, with_usual_names

log = logging.getLogger(__name__)

AUTO = "auto"
OBJECT_START = re.compile(rb"\{\s*(?:[\"}]|$)")
MOST_PROPOSED = 400
PromptForm = Literal["auto", "json", "text"]
Record = TypeVar("Record", ImportedComparison, ImportedPrompt)


def read_comparisons(
    stream: ByteStream,
    *,
    dialect: str = AUTO,
    mapping: ColumnMapping | None = None,
    remembered: ColumnMapping | None = None,
    limits: ReadLimits | None = None,
) -> Iterator[ImportedComparison | Rejected]:
    """Yields for each record of the stream, in order, its comparisons or its rejection.

    stream: JSON in any framing, CSV, TSV or Parquet, plain or packed. dialect: a name in READERS, or "auto": that of
    the first record with a known shape, for the whole file. mapping: reads these columns instead. remembered: a mapping
    for files of no known dialect. `limits` bounds the memory. An empty stream yields nothing. Raises UnknownDialect at
    once, and UndetectedDialect and UnreadableInput while iterating.
    """
    if dialect != AUTO and dialect not in READERS:
        raise UnknownDialect(
            gettext_noop("Unknown dialect %(dialect)s. Known are %(all)s and %(auto)s."),
            dialect=repr(dialect),
            all=", ".join(READERS),
            auto=AUTO,
        )
    reader = mapped_reader(mapping) if mapping else READERS.get(dialect)
    return _comparisons(stream, reader, mapping or {}, remembered or {}, limits or ReadLimits())


def read_prompts(
    stream: ByteStream,
    *,
    form: PromptForm = "auto",
    mapping: ColumnMapping | None = None,
    remembered: ColumnMapping | None = None,
    limits: ReadLimits | None = None,
) -> Iterator[ImportedPrompt | Rejected]:
    """Yields for each record of the stream, in order, its prompt or its rejection.

    form "json": JSON lines or an array of records with a prompt (see `prompt_reader`), or plain strings. form "text":
    one prompt per line. "auto": json if the stream holds JSON or a table, else text. mapping: reads these columns.
    remembered: a mapping for records in which no known field holds a prompt.
    Raises UnreadableInput while iterating.
    """
    if form not in {"auto", "json", "text"}:
        raise UnknownDialect(
            gettext_noop("Unknown form %(form)s of prompts. Known are auto, json and text."), form=repr(form)
        )
    return _prompts(stream, "json" if mapping else form, mapping or {}, remembered or {}, limits or ReadLimits())


def detect_dialect(record: JsonObject) -> str | None:
    """The name of the dialect whose shape the record has; None: of no dialect."""
    reader = _reader_of(record, READERS.values())
    return None if reader is None else reader.name


def _comparisons(
    stream: ByteStream, reader: Reader | None, mapping: ColumnMapping, remembered: ColumnMapping, limits: ReadLimits
) -> Iterator[ImportedComparison | Rejected]:
    """reader: None: that of the first record with a known shape."""
    others = [reader] if reader is not None else [mapped_reader(remembered)] if remembered else []
    readers = [*READERS.values(), *others]
    _, records = open_records(
        stream,
        limits,
        is_record=lambda value: _reader_of(value, readers) is not None,
        columns=(*mapping.values(), *remembered.values()),
        any_table=True,
    )
    if reader is None:
        reader, records = _detect(records, readers, limits)
    if reader is None:
        yield from _convert(records, limits, lambda raw: _refuse(raw, limits))
        return
    if reader.numbers is not None:
        numbers = reader.numbers if reader.name == MAPPED else in_any_spelling(reader.numbers)
        limits, records = on_their_scale(numbers, records, limits)
    if reader.continues is None:
        yield from _convert(records, limits, lambda raw: _comparison(reader, raw, limits))
    else:
        yield from _groups(reader, records, limits)


def _comparison(reader: Reader, raw: RawRecord, limits: ReadLimits) -> list[ImportedComparison]:
    record = _record(reader, raw, limits)
    comparisons = reader.read(raw.place, record, limits)
    return _of_group(comparisons, [record]) if isinstance(comparisons, list) else [comparisons]


def _record(reader: Reader, raw: RawRecord, limits: ReadLimits) -> JsonObject:
    """The record as its reader expects it. Raises BadRecordError."""
    record = parse_object(raw, limits)
    if reader.name != MAPPED:
        record = by_usual_names(record)
    refuse_unkept(record)
    return record


def _of_group(comparisons: Comparisons, records: Sequence[JsonObject]) -> list[ImportedComparison]:
    """The comparisons with the names of the fields that were used in any record of their group."""
    listed = comparisons if isinstance(comparisons, list) else [comparisons]
    names = dict.fromkeys(name for record in records for name in record)
    return [replace(one, fields=tuple(name for name in names if name not in one.metadata)) for one in listed]


def _groups(
    reader: Reader, records: Iterator[RawRecord], limits: ReadLimits
) -> Iterator[ImportedComparison | Rejected]:
    """Reads the records of a dialect whose neighbouring records belong together."""
    raws: list[RawRecord] = []
    group: list[JsonObject] = []
    tally = Tally(limits)

    def read_group(raw: RawRecord) -> list[ImportedComparison]:
        assert reader.read_group is not None
        return _of_group(reader.read_group(raw.place, group, limits), group)

    def flush() -> Iterator[ImportedComparison | Rejected]:
        results = list(_convert(iter(raws[:1]), limits, read_group))
        yield from results
        tally.count(len(raws), is_refused=bool(results) and isinstance(results[0], Rejected))
        if results and isinstance(results[0], Rejected):  # every record of the group is named
            for raw in raws[1:]:
                yield replace(results[0], line=raw.place.line, record=raw.place.record)
        raws.clear()
        group.clear()

    for raw in records:
        try:
            record = _record(reader, raw, limits)
        except BadRecordError as error:
            yield rejected(raw, error, limits)
            tally.count(1, is_refused=True)
            continue
        assert reader.continues is not None
        if group and not reader.continues(group, record):
            yield from flush()
        raws.append(replace(raw, data=raw.data[: 4 * limits.excerpt_chars]))
        group.append(record)
    if group:
        yield from flush()


def _reader_of(record: JsonObject, readers: Iterable[Reader]) -> Reader | None:
    usual = with_usual_names(record)
    return next((one for one in readers if one.recognises(record if one.name == MAPPED else usual)), None)


def _detect(
    records: Iterator[RawRecord], readers: Sequence[Reader], limits: ReadLimits
) -> tuple[Reader | None, Iterator[RawRecord]]:
    """The reader of the first record that has a known shape, and all records again.

    None: no record can be parsed, and each rejection will say why. Raises UndetectedDialect if records can be parsed
    but have no known shape.
    """
    seen: list[RawRecord] = []
    unknown: tuple[RawRecord, JsonObject] | None = None
    for raw, record in first_objects(records, seen, limits):
        if reader := _reader_of(record, readers):
            return reader, chain(seen, records)
        unknown = unknown or (raw, record)
    if unknown is None:
        return None, chain(seen, records)
    fields = ", ".join(list(unknown[1])[:12])[:200] or "none"
    known = "; ".join(f"{reader.name}: {reader.shape}" for reader in READERS.values())
    text = gettext_noop(
        "The dialect cannot be detected: line %(line)s has the fields %(fields)s. Map its columns (prompt=..., a=..., "
        "b=...), or use a known dialect. Known are %(all)s."
    )
    folded = plain_names(unknown[1])
    is_known = _reader_of(folded, readers) is not None
    raise UndetectedDialect(
        Phrase(text, line=unknown[0].place.line, fields=fields, all=known),
        line=unknown[0].place.line,
        fields=fields,
        is_prompts=not is_known and is_only_a_prompt(unknown[1]),
        mapping=proposed_mapping(unknown[1])[:MOST_PROPOSED],
        names=", ".join(folded)[:MOST_PROPOSED] if is_known else "",
    )


def _refuse(raw: RawRecord, limits: ReadLimits) -> list[ImportedComparison]:
    parse_object(raw, limits)  # raises if the bytes themselves are wrong
    raise BadRecordError("unknown_dialect", gettext_noop("The dialect cannot be detected."))


def _convert(
    records: Iterator[RawRecord], limits: ReadLimits, read: Callable[[RawRecord], list[Record]]
) -> Iterator[Record | Rejected]:
    tally = Tally(limits)
    for raw in records:
        try:
            yield from read(raw)
        except BadRecordError as error:
            yield rejected(raw, error, limits)
        except Exception:
            # A fault of a reader must cost one record, never the report of all others.
            log.exception("A record at line %s could not be read", raw.place.line)
            yield rejected(
                raw, BadRecordError("unexpected", gettext_noop("The record has a shape that cannot be read.")), limits
            )
        else:
            tally.count(1, is_refused=False)
            continue
        tally.count(1, is_refused=True)


def _prompts(
    stream: ByteStream, form: PromptForm, mapping: ColumnMapping, remembered: ColumnMapping, limits: ReadLimits
) -> Iterator[ImportedPrompt | Rejected]:
    framing, records = open_records(
        stream,
        limits,
        "lines" if form == "text" else None,
        is_record=lambda value: is_prompt(value) or has_columns(remembered, value),
        columns=(*mapping.values(), *remembered.values()),
    )
    first = list(islice(records, 1))
    if not first:
        return
    is_json = form == "json" or (form == "auto" and _looks_like_json(framing, first[0]))
    if form == "auto" and not is_json:
        first += islice(records, FIRST - 1)
        is_json = are_json_texts(first)
        if not is_json:
            refuse_unknown_table(first)
    records = chain(first, records)
    if is_json:
        if remembered and not mapping:
            mapping, records = _fitting(remembered, records, limits)
        yield from _convert(records, limits, lambda raw: [_json_prompt(raw, mapping, limits)])
    else:
        warnings = ("lines",) if form == "auto" else ()
        yield from _convert(records, limits, lambda raw: [_text_prompt(raw, warnings, limits)])


def _fitting(
    remembered: ColumnMapping, records: Iterator[RawRecord], limits: ReadLimits
) -> tuple[ColumnMapping, Iterator[RawRecord]]:
    """The mapping for a file of prompts, and all records again. Empty: a known field of a record holds a prompt."""
    seen: list[RawRecord] = []
    for _, record in first_objects(records, seen, limits):
        if is_prompt(record):
            break
        if has_columns(remembered, record):
            return remembered, chain(seen, records)
    return {}, chain(seen, records)


def _looks_like_json(framing: Framing, first: RawRecord) -> bool:
    return framing != "lines" or OBJECT_START.match(first.data) is not None or stands_for_refused(first.data)


def _text_prompt(raw: RawRecord, warnings: tuple[str, ...], limits: ReadLimits) -> ImportedPrompt:
    text = parse_text(raw, limits)
    require_storable(text)
    messages = [Message(role="user", content=text)]
    warnings += text_warnings(messages)
    return ImportedPrompt(raw.place.line, raw.place.record, messages, form="text", warnings=warnings)


def _json_prompt(raw: RawRecord, mapping: ColumnMapping, limits: ReadLimits) -> ImportedPrompt:
    value = parse_json(raw, limits)
    if isinstance(value, str):
        value = {"prompt": value}
    if not isinstance(value, dict):
        value = parse_object(raw, limits)
    value = with_messages(value)
    if not mapping:
        value = by_usual_names(value)
    refuse_unkept(value)
    if mapping:
        prompt = mapped_prompt(mapping, raw.place, value, limits)
    else:
        prompt = read_prompt(raw.place, value, limits)
    fields = tuple(name for name in value if name not in prompt.metadata)
    return replace(prompt, fields=fields, warnings=text_warnings(prompt.messages))
