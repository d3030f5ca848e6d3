"""The form of an experiment."""

import pytest
from django.http import QueryDict

from training.lens.lessons import LESSONS
from training.models import ModelVersion
from training.web.lab_form import LabForm
from training.web.run_form import RunForm


@pytest.mark.parametrize("better", ["one", "other"])
def test_the_better_completion_is_chosen(better: str) -> None:
    sent = QueryDict(mutable=True)
    initial = LabForm.of(LESSONS[0]).initial
    sent.update({name: str(value) for name, value in initial.items()})
    sent.update({"better": better, "beta": "0.1", "remedy": "none"})
    form = LabForm(sent)
    assert form.is_valid(), form.errors
    experiment = form.experiment()
    expected = (LESSONS[0].one, LESSONS[0].other) if better == "one" else (LESSONS[0].other, LESSONS[0].one)
    assert (experiment.chosen, experiment.rejected) == expected
    assert tuple(experiment.watched) == LESSONS[0].watched
    assert experiment.learning_rate == LESSONS[0].learning_rate


def test_a_limit_is_written_without_an_exponent() -> None:
    for form in (
        LabForm(QueryDict("learning_rate=0")),
        RunForm(QueryDict("learning_rate=0"), versions=ModelVersion.objects.none()),
    ):
        (sentence,) = form.errors["learning_rate"]
        assert "equal to 0.0000" in sentence
        assert "e-" not in sentence
