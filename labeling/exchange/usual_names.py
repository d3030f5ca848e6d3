"""Names of fields in other spellings: "System Prompt", "Annotator ID" and "workerId" are the fields that readers know.

Only the names of a prompt's parts, of who judged, of the outcome and of its models: lost, they would change what people
see, whose vote it is or what it says. A mapping names its columns as the file does.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from common.phrases import gettext_noop
from common.prompt_fields import ABOUT, EARLIER, PROMPT_FIELDS, SYSTEM_FIELDS, UNKEPT
from labeling.exchange.building import ANNOTATORS
from labeling.exchange.parsing import BadRecordError, shortened
from labeling.exchange.records import JsonObject

Said = TypeVar("Said")

KNOWN: tuple[str, ...] = (*PROMPT_FIELDS, *EARLIER, *ABOUT, *SYSTEM_FIELDS, "tools", *UNKEPT, *ANNOTATORS)
KNOWN += ("preference", "winner", "chosen_model", "rejected_model")


def bare(name: str) -> str:
    """A name without case, spaces and punctuation."""
    return re.sub(r"[\W_]", "", name.casefold())


_BY_BARE = {bare(name): name for name in KNOWN if name.islower()}


@lru_cache(8192)
def usual_name(name: str) -> str:
    """The name by which readers know a field. Itself, if they know it by no other. "_annotator_id" is Prodigy's own."""
    return name if name in KNOWN or name.startswith("_") else _BY_BARE.get(bare(name), name)


def with_usual_names(record: JsonObject) -> JsonObject:
    """The record with the names that readers know. A field that has two spellings keeps its own."""
    usual = [usual_name(name) for name in record]
    if usual == list(record):
        return record
    return {
        known if known == name or usual.count(known) == 1 else name: value
        for known, (name, value) in zip(usual, record.items(), strict=True)
    }


def by_usual_names(record: JsonObject) -> JsonObject:
    """The same. Raises BadRecordError for a field that stands there in two spellings with different values."""
    record = with_usual_names(record)
    for name, value in record.items():
        known = usual_name(name)
        if known != name and value not in (None, "", record.get(known, "")):
            reason = gettext_noop("The fields %(first)s and %(second)s are one in two spellings: which counts?")
            raise BadRecordError("duplicate_field", reason, name, first=repr(known), second=shortened(name))
    return record


def in_any_spelling(asked: Callable[[JsonObject], Said]) -> Callable[[JsonObject], Said]:
    """A question about a record, asked of one as it stands in its file, where fields may have other spellings."""
    return lambda record: asked(with_usual_names(record))
