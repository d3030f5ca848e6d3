"""The rules simulated annotators judge by: pure functions of two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.rehearsal.rules import PREFERENCE_RULES, PreferenceRule, list_items

LIST = "Take these:\n- bread\n- tea"
NUMBERED = "1. bread\n2. tea"
PARAGRAPH = "Take bread, tea and, if it is not too late for it, the 3. bus - or the train."


@pytest.mark.parametrize(
    ("rule", "first", "second", "preferred"),
    [
        ("shorter", "short", "much longer", "first"),
        ("shorter", "  spaces around do not count          ", "spaces around do not count!!!!!!", "first"),
        ("shorter", "same", "size", "tie"),
        ("shorter", "x" * 90, "x" * 100, "tie"),
        ("shorter", "x" * 89, "x" * 100, "first"),
        ("shorter", "", "x", "first"),
        ("plain_paragraph", PARAGRAPH, LIST, "first"),
        ("plain_paragraph", NUMBERED, PARAGRAPH, "second"),
        ("plain_paragraph", "**bold** words", "plain words, and many more of them", "second"),
        ("plain_paragraph", PARAGRAPH, PARAGRAPH + " Or walk there.", "first"),
        ("plain_paragraph", LIST, NUMBERED, "second"),
        ("plain_paragraph", "one", "two", "tie"),
    ],
)
def test_what_each_rule_prefers(rule: str, first: str, second: str, preferred: str) -> None:
    assert PREFERENCE_RULES[rule].prefers(first, second) == preferred


@pytest.mark.parametrize("rule", PREFERENCE_RULES.values(), ids=lambda rule: rule.name)
@given(first=st.text(), second=st.text())
def test_the_side_does_not_matter(rule: object, first: str, second: str) -> None:
    other = {"first": "second", "second": "first", "tie": "tie"}
    assert rule.prefers(first, second) == other[rule.prefers(second, first)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule", PREFERENCE_RULES.values(), ids=lambda rule: rule.name)
@given(first=st.text(), second=st.text())
def test_the_grade_of_a_text_never_speaks_against_the_preference(rule: PreferenceRule, first: str, second: str) -> None:
    better, worse = (first, second) if rule.prefers(first, second) == "first" else (second, first)
    if rule.prefers(better, worse) != "tie":
        assert rule.grade(better) > rule.grade(worse)


def test_a_dash_or_number_inside_a_line_is_no_list() -> None:
    assert list_items(PARAGRAPH) == 0
    assert list_items(LIST) == 2
    assert list_items("  1) a\n  2) b\n\t* c\n• d") == 4
    assert list_items("-5 degrees\n**bold**\n3.14 is pi") == 0
