"""The words by which files and labeling interfaces name a preference between two completions."""

import re
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import parsing
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.records import JsonObject, Preference

FIRST: tuple[str, ...] = (
    "a",
    "first",
    "left",
    "chosen",
    "1",
    "model_a",
    "response1",
    "response_1",
    "response_a",
    "answer1",
)
FIRST += ("a>b", "a>>b", "b<a")
SECOND: tuple[str, ...] = (
    "b",
    "second",
    "right",
    "rejected",
    "2",
    "model_b",
    "response2",
    "response_2",
    "response_b",
    "answer2",
)
SECOND += ("b>a", "b>>a", "a<b")
NUMBERED = tuple(word for word in (*FIRST, *SECOND) if len(word) > 1 and word[-1].isdigit())
NUMBERS = ("0", "1", "2")
"""Of a side, from 0 or from 1: nobody knows."""

TIE = ("tie", "equal", "same", "draw", "both", "both_good", "tie (bothgood)", "1.5", "a=b")
BOTH_BAD = ("both_bad", "both bad", "bothbad", "tie (bothbad)", "neither")
EQUAL = ("equally good", "both are equally good", "both equal", "about the same", "no preference", "no difference")
EQUALLY_BAD = ("both_are_bad", "both are bad", "equally bad", "both are equally bad", "none")
"""Other words for them in the interfaces of labeling tools."""

OUTCOMES = (
    "preference",
    "winner",
    "comparison",
    "preferred",
    "preferred_response",
    "choice",
    "label",
    "better",
    "chosen",
)
"""The names under which files keep the preference between two completions."""

BESIDE_CHOSEN = ("preference", "winner", "preferred", "better", "verdict", "human_preference")
"""The fields beside chosen and rejected in which somebody may have said something else."""

LONGEST_CHOICE = 40
KINDS = ("answer", "response", "output", "completion", "text", "model", "option")
"""Nouns by which interfaces name a side."""

PADDING = re.compile(r"(?:\b(?:is|was)\s+)?(?:\b(?:much|slightly|clearly)\s+)?\b(?:better|preferred|wins)\b|[\s_.-]+")
"""The words of an interface around the name of a side: "Answer 1 is better"."""

ADVERB = re.compile(r"\b(?:much|slightly|clearly)\b")


def preference_named(
    value: Any, field: str, names: tuple[str, str] = ("", ""), *, from_zero: bool = False
) -> Preference | None:
    """A preference from the word for it. names: other words for the first and the second. None: null or empty.

    from_zero: whether the file counts from 0. Raises BadRecordError for a word that is none.
    """
    if value is None or value == "":
        return None
    word = parsing.as_word(value)
    if word in NUMBERS and names[0].endswith("0") and names[1].endswith("1") and field != "label":  # it may be a mark
        if word != "2":
            return "first" if word == "0" else "second"
    elif (from_zero and word in NUMBERED and word not in (names[0].casefold(), names[1].casefold())) or (
        word in NUMBERS and names != ("", "") and (from_zero or word == "0" or not _are_numbered(names))
    ):
        # Files that count from 0 and from 1 look the same here: half of the preferences would be exchanged.
        reason = gettext_noop("The field %(name)s is %(value)s: does counting begin with 0 or 1? Write a, b or tie.")
        raise BadRecordError("preference", reason, field, name=repr(field), value=parsing.shortened(value))
    elif found := _in_words(word, names):
        return found
    reason = gettext_noop("The field %(name)s is %(value)s, which is no known preference.")
    raise BadRecordError("preference", reason, field, name=repr(field), value=parsing.shortened(value))


def _are_numbered(names: tuple[str, str]) -> bool:
    return names[0].endswith("1") and names[1].endswith("2")


def _in_words(word: str, names: tuple[str, str]) -> Preference | None:
    own = [name.casefold() for name in names]
    unclear = NUMBERED if own[0].endswith("0") else ()  # beside response_0, response_1 is the second
    if word and (word == own[0] or (word != own[1] and word in FIRST and word not in unclear)):
        return "first"
    if word and (word == own[1] or (word in SECOND and word not in unclear)):
        return "second"
    if word in TIE:
        return "tie"
    if word in BOTH_BAD:
        return "both_bad"
    if names == ("", "") or ADVERB.search(word):  # how much better would be lost
        return None
    return side_named(word.strip("[]"), names) or (None if word == "none" else tie_named(word))


def tie_named(word: str) -> Preference | None:
    """The tie that a word of an interface names, in whatever case. None: it names none."""
    bare = word.strip().rstrip(".!").casefold()
    return "tie" if bare in (*TIE, *EQUAL) else "both_bad" if bare in (*BOTH_BAD, *EQUALLY_BAD) else None


def side_named(words: str, names: tuple[str, str]) -> Preference | None:
    """The side that words of an interface name, such as "Answer 1" or "Response B is better". None: another text."""
    if len(words) > LONGEST_CHOICE:
        return None
    bare = PADDING.sub("", words.casefold())
    ends = [PADDING.sub("", name.casefold()) for name in names]
    numbers = ("1", "2") if ends[0].endswith("1") and ends[1].endswith("2") else ("", "")
    sides: tuple[Preference, Preference] = ("first", "second")
    for side, end, others, number in zip(sides, ends, (("left", "a"), ("right", "b")), numbers, strict=True):
        known = [end, *others, *(kind + one for kind in KINDS for one in (others[1], number) if one)]
        if bare and (bare in known or bare == number):
            return side
    return None


def refuse_other_outcome(record: JsonObject) -> None:
    """Raises BadRecordError if a field beside chosen and rejected says that the rejected one is better, or neither."""
    for field in BESIDE_CHOSEN:
        word = parsing.as_word(record.get(field))
        if word == "rejected" or (word and word != "none" and tie_named(word)):
            reason = gettext_noop("The fields %(first)s and %(second)s name different outcomes.")
            raise BadRecordError("preference", reason, field, first="'chosen'", second=repr(field))
