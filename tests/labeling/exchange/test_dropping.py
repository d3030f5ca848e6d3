"""The records that an export drops, counted by reason."""

from dataclasses import replace

import pytest

from labeling.exchange import EDIT, REASONS, CompletionText, DropReport, VerdictRecord, screen
from tests.labeling.exchange.builders import message


def verdict(winner: str | None = "a", a: str = "Blue.", b: str = "Green.", question: str = "Why?") -> VerdictRecord:
    prompt = [message("user", question)]
    return VerdictRecord(prompt, CompletionText(a), CompletionText(b), winner)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (verdict(None), "unsettled"),
        (replace(verdict(None), status="conflict"), "conflict"),
        (verdict("tie"), "tie"),
        (verdict("both_bad"), "both_bad"),
        (verdict(a=" \n"), "empty"),
        (verdict(b=" Blue.\n"), "identical"),
    ],
)
def test_a_record_that_cannot_be_written_is_counted_under_its_reason(record: VerdictRecord, reason: str) -> None:
    report = DropReport()
    assert list(screen([record, verdict()], report)) == [verdict()]
    assert (report.kept, dict(report.dropped), report.total) == (1, {reason: 1}, 2)


def test_what_a_dialect_cannot_express_is_a_reason_of_its_own() -> None:
    report = DropReport()
    assert list(screen([verdict()], report, expressible=lambda record: False)) == []
    assert report.dropped == {"not_expressible": 1}


def test_duplicates_are_found_among_neighbours_with_the_same_prompt() -> None:
    report = DropReport()
    turned = verdict("b", a="Green.", b="Blue.")  # the same winner and loser in the other order
    other = verdict(question="Who?")
    assert list(screen([verdict(), turned, verdict("b"), other, verdict()], report)) == [
        verdict(),
        verdict("b"),
        other,
        verdict(),
    ]
    assert report.dropped == {"duplicate": 1}


def test_a_report_names_every_reason_and_refuses_others() -> None:
    report = DropReport()
    assert report.as_dict() == {
        "total": 0,
        "kept": 0,
        "dropped": dict.fromkeys(REASONS, 0),
        "edited": 0,
        "dropped_edited": 0,
        "judgments": 0,
        "dropped_judgments": {},
        "escaped": 0,
        "found": {},
        "examples": {},
        "redacted": {},
    }
    with pytest.raises(KeyError):
        report.drop("other")


def test_the_pair_of_an_improved_text_is_no_comparison() -> None:
    report = DropReport()
    edited = replace(verdict(a="Sky-blue."), settled_by=EDIT)
    again = replace(verdict(), settled_by=EDIT)  # the improved text is the winner itself
    assert len(list(screen([verdict(), edited, again], report))) == 2
    assert (report.kept, report.total, report.edited, report.dropped_edited) == (1, 1, 1, 1)
