"""Experiments in the lab: started, continued, ended, and refused."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils.translation import override

from common.errors import NotFound
from labeling.models import User
from tests.training.conftest import NOW
from training.actions.lab import Experiment, ask_for_steps, end_lab, start_lab
from training.errors import JobOver, NothingServes, WrongSettings
from training.models import JobStatus, LabSession, ModelVersion

LESSON = Experiment(
    "what does the cat see ?", "the cat sees tea", "maybe bread", watched=["no thanks"], learning_rate=1e-3
)


def start(user: User, *, steps: int = 1, **changes: Any) -> LabSession:
    return start_lab(experiment=replace(LESSON, **changes), steps=steps, acting_user=user, now=NOW)


def _fresh(session: LabSession) -> LabSession:
    return LabSession.objects.get(pk=session.pk)


@pytest.mark.django_db
def test_a_new_experiment_ends_the_one_before(base: ModelVersion, alice: User, maya: User) -> None:
    first, others = start(alice), start(maya)
    LabSession.objects.filter(pk=others.pk).update(status=JobStatus.RUNNING)
    second = start(alice)
    assert (_fresh(first).status, second.status) == (JobStatus.CANCELLED, JobStatus.QUEUED)
    assert _fresh(others).status == JobStatus.RUNNING
    with pytest.raises(JobOver):
        ask_for_steps(session=first, steps=1, acting_user=alice, now=NOW)


@pytest.mark.django_db
def test_one_that_is_under_way_makes_room_for_the_next(base: ModelVersion, alice: User) -> None:
    first = start(alice)
    LabSession.objects.filter(pk=first.pk).update(status=JobStatus.RUNNING)
    second = start(alice)
    assert (_fresh(first).status, second.status) == (JobStatus.CANCELLING, JobStatus.QUEUED)

    LabSession.objects.filter(pk=first.pk).update(status=JobStatus.FINISHED)
    LabSession.objects.filter(pk=second.pk).update(status=JobStatus.RUNNING)
    again = ask_for_steps(session=first, steps=1, acting_user=alice, now=NOW)
    assert (again.status, _fresh(second).status) == (JobStatus.QUEUED, JobStatus.CANCELLING)


@pytest.mark.django_db
def test_an_experiment_goes_on_after_its_engine_has_gone(base: ModelVersion, alice: User) -> None:
    session = start(alice)
    LabSession.objects.filter(pk=session.pk).update(status=JobStatus.FINISHED, done=1)
    again = ask_for_steps(session=session, steps=5, acting_user=alice, now=NOW)
    assert (again.status, again.total) == (JobStatus.QUEUED, 6)


@pytest.mark.django_db
def test_it_belongs_to_whoever_started_it(base: ModelVersion, alice: User, maya: User) -> None:
    session = start(alice)
    with pytest.raises(NotFound):
        ask_for_steps(session=session, steps=1, acting_user=maya, now=NOW)
    with pytest.raises(NotFound):
        end_lab(session=session, acting_user=maya, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rejected": "the cat sees tea"}, "nothing to prefer"),
        ({"chosen": "  "}, "not be empty"),
        ({"chosen": "x" * 3000}, "at most"),
        ({"beta": -1.0}, "beta"),
        ({"remedy": "hope"}, "no remedy"),
        ({"steps": 51}, "1 to 50"),
    ],
)
def test_what_cannot_be_taught_is_refused(base: ModelVersion, alice: User, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongSettings, match=words):
        start(alice, **changes)


@pytest.mark.django_db
def test_a_limit_is_written_as_its_reader_writes_numbers(alice: User) -> None:
    with override("de"), pytest.raises(WrongSettings, match=r"2\.000 Zeichen"):
        start(alice, chosen="x" * 3000)


@pytest.mark.django_db
def test_without_a_model_there_is_no_lab(alice: User) -> None:
    with pytest.raises(NothingServes):
        start(alice)
