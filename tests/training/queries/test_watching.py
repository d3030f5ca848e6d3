"""The watch over what serves looks at fixed numbers of pairs; a version no worse is seldom rolled back."""

import numpy as np
import pytest

from labeling.models import Campaign
from tests.training.actions.test_rounds import version_of
from tests.training.conftest import NOW
from tests.training.queries.test_rounds import decided
from training.actions.runs import start_run
from training.models import EvaluationJob, ModelVersion
from training.queries.watching import ERROR, MOST_LOOKS, NAMES, _figures, _Pair, canary_version

pytestmark = pytest.mark.django_db


def test_all_looks_together_err_seldom() -> None:
    """1,000 promotions of versions that are no worse: the shares on both sides are the same."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(1000):
        before, after = _drawn(rng, 500), _drawn(rng, 320)
        errors = [ERROR / (len(NAMES) * 2**look) for look in range(1, 5)]
        looks = [_figures(after[: 40 * 2**look], before, error=error) for look, error in enumerate(errors)]
        wrong += any(figure.is_worse for figures in looks for figure in figures)
    assert wrong / 1000 < ERROR
    assert MOST_LOOKS >= 4


def test_a_version_that_is_much_worse_is_found_at_the_first_look() -> None:
    rng = np.random.default_rng(4)
    figures = _figures(_drawn(rng, 100, ties=0.5), _drawn(rng, 500), error=ERROR / (len(NAMES) * 2))
    assert {figure.name: figure.is_worse for figure in figures} == {
        "ties": True,
        "flags": False,
        "disagreement": False,
    }


def _drawn(rng: np.random.Generator, number: int, ties: float = 0.15) -> list[_Pair]:
    """Pairs with two votes each; one in twenty is flagged, one in four is not agreed on."""
    drawn = rng.random((number, 3))
    return [
        _Pair(bool(flag < 0.05), [first, first if other < 0.75 else "b"])
        for flag, tie, other in drawn
        for first in ["tie" if tie < ties else "a"]
    ]


def test_the_canary_is_a_new_version_that_nothing_speaks_against(labeled: Campaign) -> None:
    version = version_of(start_run(campaign=labeled, acting_user=None, now=NOW), "tiny-v1")
    assert canary_version(labeled) is None  # it is not evaluated yet
    job = EvaluationJob.objects.create(
        version=version, campaign=labeled, status="finished", finding="unknown", created_at=NOW
    )
    assert canary_version(labeled) == version
    EvaluationJob.objects.filter(pk=job.pk).update(finding="worse")
    assert canary_version(labeled) is None
    EvaluationJob.objects.filter(pk=job.pk).update(finding="better")
    decided(version, "held_back", "Held back.")
    assert canary_version(labeled) is None


def test_a_version_from_before_what_serves_is_no_canary(labeled: Campaign, base: ModelVersion) -> None:
    version = version_of(start_run(campaign=labeled, acting_user=None, now=NOW), "tiny-v1")
    EvaluationJob.objects.create(version=version, campaign=labeled, status="finished", created_at=NOW)
    base.deployments.update(at=NOW.replace(hour=23))
    assert canary_version(labeled) is None
