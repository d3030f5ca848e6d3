"""The filter of the statistics page: an empty form is the whole campaign, and days include their last moment."""

from datetime import UTC, datetime

from labeling.queries.slices import Slice, SliceChoices
from labeling.web.slice_form import SliceForm

CHOICES = SliceChoices(
    guideline_versions=[2, 1], model_versions=["base"], annotators=["quiet-otter"], criteria=["kind"]
)
NAMES = {"quiet-otter": "alice"}


def test_an_empty_form_is_the_whole_campaign() -> None:
    form = SliceForm({}, choices=CHOICES, names=NAMES)
    assert form.is_valid()
    assert form.part() == Slice()


def test_days_are_whole_days_and_the_last_is_included() -> None:
    form = SliceForm({"since": "2026-03-01", "last_day": "2026-03-02"}, choices=CHOICES, names=NAMES)
    assert form.is_valid()
    assert form.part() == Slice(since=datetime(2026, 3, 1, tzinfo=UTC), until=datetime(2026, 3, 3, tzinfo=UTC))


def test_choices_are_those_of_the_campaign() -> None:
    chosen = {"guideline_version": "2", "annotator": "quiet-otter", "criterion": "kind", "include_simulated": "on"}
    form = SliceForm(chosen, choices=CHOICES, names=NAMES)
    assert form.is_valid()
    part = Slice(guideline_version=2, annotator="quiet-otter", criterion="kind", include_simulated=True)
    assert form.part() == part
    assert '<option value="quiet-otter" selected>alice</option>' in str(form["annotator"])
    assert not SliceForm({"annotator": "loud-otter"}, choices=CHOICES, names=NAMES).is_valid()


def test_annotators_are_listed_by_the_name_that_is_shown() -> None:
    choices = SliceChoices(guideline_versions=[], model_versions=[], annotators=["a", "b", "c"], criteria=[])
    form = SliceForm({}, choices=choices, names={"a": "zoe", "b": "Bob", "c": "alice"})
    assert [label for _value, label in form.fields["annotator"].choices][1:] == ["alice", "Bob", "zoe"]  # type: ignore[attr-defined]
