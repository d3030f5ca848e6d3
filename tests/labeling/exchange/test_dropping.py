"""The records that an export drops, counted by reason."""

import pytest

from labeling.exchange import REASONS, CompletionText, DropReport, VerdictRecord, screen
from tests.labeling.exchange.builders import message


def verdict(winner: str | None = "a", a: str = "Blue.", b: str = "Green.", question: str = "Why?") -> VerdictRecord:
    prompt = [message("user", question)]
    return VerdictRecord(prompt, CompletionText(a), CompletionText(b), winner)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (verdict(None), "unsettled"),
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
    assert report.as_dict() == {"total": 0, "kept": 0, "dropped": dict.fromkeys(REASONS, 0)}
    with pytest.raises(KeyError):
        report.drop("other")
