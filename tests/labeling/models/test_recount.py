"""Recounts of a campaign's verdicts."""

from contextlib import nullcontext

import pytest
from django.db import IntegrityError, transaction

from labeling.models import VerdictRecount
from tests.people import NOON, Stage


def recount(scene: Stage, status: str) -> VerdictRecount:
    return VerdictRecount.objects.create(
        campaign=scene.campaign, cause="rule", rule={}, status=status, created_at=NOON, beat_at=NOON
    )


def test_a_campaign_has_one_unfinished_recount(scene: Stage) -> None:
    recount(scene, "done")
    recount(scene, "replaced")
    unfinished = recount(scene, "running")
    with pytest.raises(IntegrityError, match="recount_one_at_a_time"), transaction.atomic():
        recount(scene, "waiting")
    VerdictRecount.objects.filter(pk=unfinished.pk).update(status="done")
    recount(scene, "waiting")


@pytest.mark.parametrize("status", VerdictRecount.Status)
def test_unfinished_are_the_states_that_the_database_allows_once(scene: Stage, status: str) -> None:
    recount(scene, status)
    refusal = pytest.raises(IntegrityError, match="recount_one_at_a_time")
    with refusal if status in VerdictRecount.UNFINISHED else nullcontext(), transaction.atomic():
        recount(scene, status)
