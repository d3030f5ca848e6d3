"""Filters of verdicts and disagreements: only what was filled in narrows the list."""

from datetime import UTC, datetime

import pytest

from labeling.web.verdict_forms import DisagreementForm, RelabelForm, VerdictFilterForm


def test_an_empty_filter_narrows_nothing() -> None:
    form = VerdictFilterForm({}, models=["base"])
    assert form.is_valid()
    assert form.asked() == {}


def test_a_filter_narrows_by_what_was_filled_in() -> None:
    sent = {"winner": "a", "confidence_at_most": "0", "model_version": "base", "last_day": "2026-03-02"}
    form = VerdictFilterForm(sent, models=["base"])
    assert form.is_valid()
    assert form.asked() == {
        "winner": "a",
        "confidence_at_most": 0.0,
        "model_version": "base",
        "until": datetime(2026, 3, 3, tzinfo=UTC),
    }


def test_an_unknown_model_is_refused() -> None:
    assert not VerdictFilterForm({"model_version": "other"}, models=["base"]).is_valid()


def test_disagreements_are_of_any_status_unless_one_is_chosen() -> None:
    for sent, status in (({}, None), ({"status": "conflict"}, "conflict")):
        form = DisagreementForm(sent)
        assert form.is_valid()
        assert form.asked() == {"status": status, "commented": False}


@pytest.mark.parametrize("more", ["0", "51", ""])
def test_between_one_and_fifty_more_judgments_are_requested(more: str) -> None:
    assert not RelabelForm({"more": more, "reason": "Unclear."}).is_valid()
    assert RelabelForm({"more": "50", "reason": "Unclear."}).is_valid()
