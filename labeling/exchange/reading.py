"""Reads comparisons and prompts from a stream, one record at a time; bad records are named, good ones are kept."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Literal, TypeVar

from labeling.exchange import parsing
from labeling.exchange.errors import UndetectedDialect, UnknownDialect
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import ByteStream, Framing, RawRecord, ReadLimits, open_records
from labeling.exchange.readers import READERS, Reader
from labeling.exchange.records import ImportedComparison, ImportedPrompt, JsonObject, Message, Rejected

AUTO = "auto"
PromptForm = Literal["auto", "json", "text"]
Record = TypeVar("Record", ImportedComparison, ImportedPrompt)


def read_comparisons(
    stream: ByteStream, *, dialect: str = AUTO, limits: ReadLimits | None = None
) -> Iterator[ImportedComparison | Rejected]:
    """Yields for each record of the stream, in order, its comparison or its rejection.

    stream: JSON lines or one JSON array, UTF-8, plain or gzip. dialect: a name in READERS, or "auto": that of the first
    record with a known shape, for the whole file. `limits` bounds the memory. An empty stream yields nothing.
    Raises UnknownDialect at once, and UndetectedDialect and UnreadableInput while iterating.
    """
    if dialect != AUTO and dialect not in READERS:
        raise UnknownDialect(f"Unknown dialect {dialect!r}. Known are {', '.join(READERS)} and {AUTO}.")
    return _comparisons(stream, dialect, limits or ReadLimits())


def read_prompts(
    stream: ByteStream, *, form: PromptForm = "auto", limits: ReadLimits | None = None
) -> Iterator[ImportedPrompt | Rejected]:
    """Yields for each record of the stream, in order, its prompt or its rejection.

    form "json": JSON lines or an array of `{"prompt": text or messages, "id"?, "tags"?}`, `{"messages": [...]}`,
    MT-bench `{"question_id", "category", "turns"}` (its first turn), or plain strings. form "text": one prompt per
    line. "auto": json if the stream starts with `{` or `[{` or `["`, else text.
    Raises UnreadableInput while iterating.
    """
    if form not in {"auto", "json", "text"}:
        raise UnknownDialect(f"Unknown form {form!r} of prompts. Known are auto, json and text.")
    return _prompts(stream, form, limits or ReadLimits())


def detect_dialect(record: JsonObject) -> str | None:
    """The name of the dialect whose shape the record has; None: of no dialect."""
    return next((reader.name for reader in READERS.values() if reader.recognises(record)), None)


def _comparisons(stream: ByteStream, dialect: str, limits: ReadLimits) -> Iterator[ImportedComparison | Rejected]:
    _, records = open_records(stream, limits)
    if dialect == AUTO:
        detected, records = _detect(records, limits)
        if detected is None:
            yield from _convert(records, limits, lambda raw: _refuse(raw, limits))
            return
        dialect = detected
    reader = READERS[dialect]
    yield from _convert(records, limits, lambda raw: _comparison(reader, raw, limits))


def _comparison(reader: Reader, raw: RawRecord, limits: ReadLimits) -> ImportedComparison | list[ImportedComparison]:
    return reader.read(raw.place, parsing.parse_object(raw, limits), limits)


def _detect(records: Iterator[RawRecord], limits: ReadLimits) -> tuple[str | None, Iterator[RawRecord]]:
    """The dialect of the first record that has one, and all records again.

    None: no record can be parsed, and each rejection will say why. Raises UndetectedDialect if records can be parsed
    but have no known shape.
    """
    seen: list[RawRecord] = []
    unknown: tuple[RawRecord, JsonObject] | None = None
    for raw in records:
        seen.append(raw)
        try:
            record = parsing.parse_object(raw, limits)
        except BadRecordError:
            record = None
        if record is not None:
            if dialect := detect_dialect(record):
                return dialect, chain(seen, records)
            unknown = unknown or (raw, record)
        # Bounded in bytes as well as in number; a record over the limit is held only up to it.
        if len(seen) >= limits.detection_records or sum(len(one.data) for one in seen) > 4 * limits.record_bytes:
            break
    if unknown is None:
        return None, chain(seen, records)
    fields = ", ".join(list(unknown[1])[:12])[:200] or "none"
    known = "; ".join(f"{reader.name}: {reader.shape}" for reader in READERS.values())
    raise UndetectedDialect(
        f"The dialect cannot be detected: line {unknown[0].place.line} has the fields {fields}. Known are {known}."
    )


def _refuse(raw: RawRecord, limits: ReadLimits) -> ImportedComparison:
    parsing.parse_object(raw, limits)  # raises if the bytes themselves are wrong
    raise BadRecordError("unknown_dialect", "The dialect cannot be detected.")


def _convert(
    records: Iterator[RawRecord], limits: ReadLimits, read: Callable[[RawRecord], Record | list[Record]]
) -> Iterator[Record | Rejected]:
    for raw in records:
        try:
            read_records = read(raw)
            yield from read_records if isinstance(read_records, list) else [read_records]
        except BadRecordError as error:
            yield parsing.rejected(raw, error, limits)


def _prompts(stream: ByteStream, form: PromptForm, limits: ReadLimits) -> Iterator[ImportedPrompt | Rejected]:
    framing, records = open_records(stream, limits, "lines" if form == "text" else None)
    first = next(records, None)
    if first is None:
        return
    as_json = form == "json" or (form == "auto" and _looks_like_json(framing, first))
    read = _json_prompt if as_json else _text_prompt
    yield from _convert(chain([first], records), limits, lambda raw: read(raw, limits))


def _looks_like_json(framing: Framing, first: RawRecord) -> bool:
    return framing == "array" or first.data.startswith(b"{")


def _text_prompt(raw: RawRecord, limits: ReadLimits) -> ImportedPrompt:
    text = parsing.parse_text(raw, limits)
    parsing.require_storable(text)
    return ImportedPrompt(raw.place.line, raw.place.record, [Message(role="user", content=text)], form="text")


def _json_prompt(raw: RawRecord, limits: ReadLimits) -> ImportedPrompt:
    value = parsing.parse_json(raw, limits)
    if isinstance(value, str):
        value = {"prompt": value}
    if not isinstance(value, dict):
        raise BadRecordError("not_an_object", "The record is neither an object nor a text.")
    identity = "question_id" if "question_id" in value and "id" not in value else "id"
    used, messages = _prompt_of(value)
    return ImportedPrompt(
        line=raw.place.line,
        record=raw.place.record,
        messages=messages,
        external_id=parsing.optional_name(value, identity, limits.id_chars),
        tags=_tags(value, limits),
        metadata=parsing.rest(value, used, identity, "tags", "category"),
    )


def _prompt_of(record: JsonObject) -> tuple[str, list[Message]]:
    """The name of the field with the prompt, and the prompt."""
    for name in ("prompt", "messages"):
        if name in record:
            return name, parsing.prompt(record[name])
    if "turns" in record:
        turns = record["turns"]
        if not isinstance(turns, list) or not turns or not isinstance(turns[0], str):
            raise BadRecordError("wrong_type", "The field 'turns' must be a list of texts.")
        return "", parsing.prompt(turns[0], "the first turn")  # the other turns stay readable in the metadata
    raise BadRecordError("missing_field", "There is no prompt: none of the fields 'prompt', 'messages', 'turns'.")


def _tags(record: JsonObject, limits: ReadLimits) -> tuple[str, ...]:
    value = record.get("tags")
    tags = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise BadRecordError("wrong_type", "The field 'tags' must be a list of texts.")
    category = parsing.optional_name(record, "category", limits.tag_chars)
    named = [tag for tag in [category, *tags] if tag]
    if any(len(tag) > limits.tag_chars for tag in named):
        raise BadRecordError("too_long", f"A tag has more than {limits.tag_chars} characters.")
    return tuple(dict.fromkeys(named))
