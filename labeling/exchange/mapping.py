"""Column mappings: which fields of a file are the prompt, both completions, and the preference."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from common.phrases import gettext_noop
from common.prompt_fields import ABOUT, CONVERSATIONS, EARLIER, UNKEPT
from labeling.exchange import conversations, parsing
from labeling.exchange.asking import BESIDE, Asked, asked_by
from labeling.exchange.building import Source, compare
from labeling.exchange.cells_of_turns import with_turns
from labeling.exchange.errors import UnknownDialect
from labeling.exchange.label_studio_reader import read_label_studio
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.platform_readers import read_argilla
from labeling.exchange.preference_words import preference_named
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader, Scale
from labeling.exchange.records import ImportedComparison, ImportedPrompt, JsonObject, Preference
from labeling.exchange.sides_reader import scale_of_count
from labeling.exchange.usual_names import usual_name

MAPPED = "mapping"
"""The name of the dialect of a file that is read by a mapping."""

PARTS = ("prompt", "a", "b", "preference", "annotator", "system", "id")
"""The parts that a column can be. A column of no part is metadata."""

OF_DATA = ("prompt", "a", "b", "system")
"""Those that are read from the data of a labeling tool's record. Its annotations say who judged."""

CHOSEN = {"chosen": "a", "rejected": "b"}
"""Other names of the completions in the text of a mapping, where the first is always the preferred one."""

ALWAYS_FIRST = "=a"
"""In the place of the column of preferences: the first completion is always the preferred one."""

ColumnMapping = Mapping[str, str]
PlatformReader = Callable[[Place, JsonObject, ReadLimits, ColumnMapping], ImportedComparison]
PLATFORMS: tuple[tuple[str, str, PlatformReader], ...] = (
    ("data", "annotations", read_label_studio),
    ("fields", "responses", read_argilla),
)
"""The field of a labeling tool's record with its data, that with the answers, and its reader."""


def parse_mapping(text: str) -> dict[str, str]:
    """A mapping from its text: "prompt=question a=good b=bad". Raises UnknownDialect, which says what is wrong."""
    mapping: dict[str, str] = {}
    part = ""
    for word in text.replace(",", " ").split():
        name, equals, column = word.partition("=")
        if not equals:
            if not part:
                raise UnknownDialect(
                    gettext_noop("The mapping has %(word)s where PART=COLUMN is expected."), word=repr(word)
                )
            mapping[part] += f" {word}"  # a column whose name has a space
            continue
        if name not in (*PARTS, *CHOSEN) or not column:
            raise UnknownDialect(
                gettext_noop("The mapping has %(word)s; known parts are %(all)s."),
                word=repr(word),
                all=", ".join((*PARTS, *CHOSEN)),
            )
        if name in mapping:
            raise UnknownDialect(gettext_noop("The mapping names the part %(name)s twice."), name=repr(name))
        part, mapping[name] = name, column
    if text.strip() and "prompt" not in mapping:
        raise UnknownDialect(gettext_noop("The mapping names no column of the prompt: prompt=COLUMN is missing."))
    mapping = _with_chosen(mapping)
    if ("a" in mapping) != ("b" in mapping):
        raise UnknownDialect(
            gettext_noop("The mapping names one completion only: a=COLUMN and b=COLUMN belong together.")
        )
    return mapping


def _with_chosen(mapping: dict[str, str]) -> dict[str, str]:
    """The mapping with chosen and rejected as a and b, of which the first is always preferred."""
    if mapping.keys().isdisjoint(CHOSEN):
        return mapping
    if not mapping.keys() >= CHOSEN.keys() or not mapping.keys().isdisjoint(("a", "b", "preference")):
        text = gettext_noop(
            "In a mapping, chosen=COLUMN and rejected=COLUMN stand in the place of a, b and preference."
        )
        raise UnknownDialect(text)
    return {CHOSEN.get(part, part): column for part, column in mapping.items()} | {"preference": ALWAYS_FIRST}


def mapping_text(mapping: ColumnMapping) -> str:
    """The text that `parse_mapping` reads."""
    names = {part: part for part in PARTS}
    if mapping.get("preference") == ALWAYS_FIRST:
        del names["preference"]
        names |= {part: name for name, part in CHOSEN.items()}
    return " ".join(f"{name}={mapping[part]}" for part, name in names.items() if part in mapping)


def columns_in(mapping: ColumnMapping) -> list[str]:
    """The columns that a mapping names."""
    return [column for column in mapping.values() if column != ALWAYS_FIRST]


def fits(mapping: ColumnMapping, record: Mapping[str, Any]) -> bool:
    """Whether a record has all columns of a mapping of comparisons."""
    return {"prompt", "a", "b"} <= mapping.keys() and has_columns(mapping, record)


def has_columns(mapping: ColumnMapping, record: Mapping[str, Any]) -> bool:
    """Whether a record has all columns of a mapping that has some."""
    return bool(mapping) and all(_has(record, column) for column in columns_in(mapping))


def mapped_reader(mapping: ColumnMapping) -> Reader:
    """The reader of comparisons in these columns. Raises UnknownDialect if the mapping names no completions."""
    if not {"prompt", "a", "b"} <= mapping.keys():
        raise UnknownDialect(gettext_noop("A mapping of comparisons needs prompt=COLUMN, a=COLUMN and b=COLUMN."))

    def read(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
        if found := _of_platform(mapping, record):
            comparison = found[0](place, record, limits, found[1])
            return replace(comparison, external_id=_id(mapping, record, limits, comparison.external_id))
        person = mapping.get("annotator", "")
        record = with_turns(_with_person(record, person), mapping["prompt"], (mapping["a"], mapping["b"]))
        asked = _asked_by(mapping, record)
        names = mapping["a"], mapping["b"]
        texts = [conversations.completion(_value(record, name), name, asked.extras) for name in names]
        preference: Preference | None = None
        column = mapping.get("preference")
        if column == ALWAYS_FIRST:
            preference = "first"
        elif column:
            preference = preference_named(_optional(record, column), column, names, from_zero=limits.other_scale)
        elif "chosen" in names[0].casefold() and "rejected" in names[1].casefold():
            preference = "first"
        comparison = compare(
            Source(place, MAPPED, record, limits, annotator=person),
            asked,
            (texts[0], texts[1]),
            names,
            preference=preference,
            used=_whole_columns(mapping),
        )
        return replace(comparison, external_id=_id(mapping, record, limits, comparison.external_id))

    def numbers(record: Mapping[str, Any]) -> Scale:
        return scale_of_count(_optional(record, mapping["preference"])) if has_outcomes else ""

    has_outcomes = mapping.get("preference", ALWAYS_FIRST) != ALWAYS_FIRST
    return Reader(MAPPED, mapping_text(mapping), lambda record: fits(mapping, record), read, numbers=numbers)


def _of_platform(mapping: ColumnMapping, record: JsonObject) -> tuple[PlatformReader, ColumnMapping] | None:
    """The reader of a labeling tool's record whose data has these columns, and the columns there. None: it is another.

    Its annotations say who preferred what, so a mapping with a column of preferences is read as any other.
    """
    if "preference" in mapping:
        return None
    for part, answers, reader in PLATFORMS:
        data = record.get(part)
        if isinstance(data, dict) and answers in record:
            columns = {name: mapping[name].removeprefix(f"{part}.") for name in OF_DATA if name in mapping}
            if all(column in data for column in columns.values()):
                return reader, columns
    return None


def mapped_prompt(mapping: ColumnMapping, place: Place, record: JsonObject, limits: ReadLimits) -> ImportedPrompt:
    """The prompt in the column of a mapping. Raises BadRecordError."""
    asked = _asked_by(mapping, record)
    return ImportedPrompt(
        place.line,
        place.record,
        conversations.with_tools(asked.prompt, record.get("tools")),
        external_id=_id(mapping, record, limits, ""),
        metadata=parsing.rest(record, *asked.used, *_whole_columns(mapping), "tools", *UNKEPT) | asked.extras,
    )


def _asked_by(mapping: ColumnMapping, record: JsonObject) -> Asked:
    """The prompt in its column, with the parts of it that stand beside it under known names and are no other part."""
    value = _value(record, mapping["prompt"])
    outer, _, name = mapping["prompt"].rpartition(".")
    is_inside = bool(outer) and mapping["prompt"] not in record
    siblings = _optional(record, outer) if is_inside else record
    taken = {column.removeprefix(f"{outer}.") if is_inside else column for column in columns_in(mapping)} | {name}
    known = (*BESIDE, *CONVERSATIONS) if "system" not in mapping else (*EARLIER, *ABOUT, *CONVERSATIONS)
    beside: dict[str, str] = {}
    for own in siblings if isinstance(siblings, dict) else ():
        if own not in taken and (usual := usual_name(own)) in known and usual != "tools":
            beside.setdefault(usual, own)
    fields = {usual: siblings[own] for usual, own in beside.items()} | {"prompt": value}
    if column := mapping.get("system"):
        fields["system"] = _optional(record, column)
    asked = asked_by(fields)
    asked.used = [] if is_inside else [beside[usual] for usual in asked.used if usual in beside]
    return asked


def _id(mapping: ColumnMapping, record: JsonObject, limits: ReadLimits, otherwise: str) -> str:
    column = mapping.get("id")
    return parsing.as_name(_optional(record, column), limits.id_chars) if column else otherwise


def _whole_columns(mapping: ColumnMapping) -> list[str]:
    """The columns that are used as a whole; a field inside of an object leaves the object in the metadata.

    That of annotators is used where it names one.
    """
    return [column for part, column in mapping.items() if part != "annotator" and (part != "id" or column)]


def _with_person(record: JsonObject, column: str) -> JsonObject:
    """The record with the annotator in a field of its own: a name inside of an object would stay in the metadata."""
    if not column or column in record or not isinstance(name := _optional(record, column), str | int | float):
        return record
    return {**_without(record, column.split(".")), column: name}


def _without(value: Any, path: list[str]) -> Any:
    """A copy of an object or a list without the value at a place inside of it."""
    name, *inner = path
    if isinstance(value, list):
        at = int(name)
        left = _without(value[at], inner) if inner else None
        return [left if number == at else one for number, one in enumerate(value)]
    rest = _without(value[name], inner) if inner else None
    return {key: rest if key == name else one for key, one in value.items() if inner or key != name}


def _value(record: JsonObject, column: str) -> Any:
    if not _has(record, column):
        raise BadRecordError("missing_field", gettext_noop("The field %(name)s is missing."), column, name=repr(column))
    return _optional(record, column)


def _optional(record: Mapping[str, Any], column: str) -> Any:
    """The value of a column, or of a place inside of it: "fields.prompt", "answers.0.text". None: there is none."""
    if column in record:
        return record[column]
    value: Any = record
    for name in column.split("."):
        if isinstance(value, list) and name.isdecimal() and len(name) < 4:
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _has(record: Mapping[str, Any], column: str) -> bool:
    return column in record or _optional(record, column) is not None
