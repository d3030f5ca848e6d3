"""Codes for the names of people in fields that nothing reads: metadata stays where no erasure would find a name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from labeling.actions.outside_annotators import opinion_author
from labeling.exchange import FIELDS_OF_PEOPLE, NOBODY, CompletionText, Vote, person_name

LONGEST = 120
CODE = re.compile("[0-9a-f]{16}")


def with_codes(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a record with a code for each name in a field of people, however deep. Codes stay as they are."""
    return {
        name: _coded(value) if _is_of_people(name) and not _is_count(name, value) else _searched(value)
        for name, value in metadata.items()
    }


def votes_with_codes(votes: Iterable[Vote]) -> tuple[Vote, ...]:
    """The votes, whose metadata names nobody. Their annotators keep their names, by which they can be erased."""
    return tuple(replace(one, metadata=with_codes(one.metadata)) if one.metadata else one for one in votes)


def completion_with_codes(completion: CompletionText) -> CompletionText:
    """The completion, whose metadata names nobody."""
    return replace(completion, metadata=with_codes(completion.metadata)) if completion.metadata else completion


def _searched(value: Any) -> Any:
    if isinstance(value, Mapping):
        return with_codes(value)
    if isinstance(value, list):
        return [_searched(one) for one in value]
    return value


def _coded(value: Any) -> Any:
    """A name as its code, each of a list. Texts that are no names are searched for names."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_coded(one) for one in value]
    name = person_name(value, LONGEST)
    if not name:
        return _searched(value)
    return name if name in NOBODY or CODE.fullmatch(name) else opinion_author(name)


def _is_count(name: str, value: Any) -> bool:
    """Whether a field such as `annotators` holds how many they were."""
    return name.casefold().endswith("s") and isinstance(value, int | float)


@lru_cache(maxsize=4096)
def _is_of_people(name: str) -> bool:
    """Whether a field of this name holds people, in any spelling: WorkerId, worker-id, Worker ID."""
    return re.sub(r"[\W_]", "", name.casefold()) in _FOLDED


_FOLDED = frozenset(name.replace("_", "").casefold() for name in FIELDS_OF_PEOPLE)
