"""A version of a group of annotators stands beside the loop: no plan, inbox, curve or round takes it for its own."""

from datetime import timedelta

import pytest

from labeling.queries.attention import attention
from tests.browser.furnished import Furnished, furnish
from tests.people import Stage, stage
from training.models import EvaluationJob, GenerationJob, ModelVersion, RetrainingRule, RoundPlan, Run, Snapshot
from training.queries.overview import campaign_training_overview
from training.queries.price import _real
from training.queries.round_rows import RoundRows
from training.queries.rounds import wants_pairs
from training.queries.schedule import version_to_start_from
from training.queries.selection import may_choose
from training.queries.watching import canary_version
from training.web.campaign import _candidate

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=4)


@pytest.fixture
def made(scene: Stage) -> Furnished:
    """`two` awaits its promotion. A version of the group Region/North is newer, and evaluated like it."""
    made = furnish(scene)
    run = made.running
    Snapshot.objects.filter(pk=run.snapshot_id).update(group_name="Region/North")
    later = scene.now + timedelta(hours=1)
    Run.objects.filter(pk=run.pk).update(status="finished", round=None, created_at=later, finished_at=later)
    ModelVersion.objects.update(created_at=later)
    of_group = ModelVersion.objects.create(
        name="sums-north-v3",
        base_dir="/nowhere",
        content_hash="3a" * 32,
        parent=made.base,
        run=run,
        metrics=made.one.metrics,
        created_at=later,
    )
    for version in (made.two, of_group):
        EvaluationJob.objects.create(
            version=version, campaign=scene.campaign, status="finished", created_at=later, finished_at=later
        )
    return made


def test_neither_plan_nor_canary_nor_inbox_nor_page_takes_a_groups_version(scene: Stage, made: Furnished) -> None:
    assert version_to_start_from(RoundPlan(campaign=scene.campaign, start_from="newest")) == made.two
    assert canary_version(scene.campaign) == made.two
    waiting = [item.arguments for item in attention(scene.maya).items if item.page == "version"]
    assert waiting == [("sums-v2",)]
    assert _candidate(campaign_training_overview(scene.campaign)) == made.two


def test_a_groups_version_is_no_point_of_the_curve(scene: Stage, made: Furnished) -> None:
    assert [one.version for one in _real(scene.campaign)] == ["sums-v1"]


def test_a_groups_run_ends_no_rounds_labels_and_hides_no_failure(scene: Stage, made: Furnished) -> None:
    last = Run.objects.create(
        campaign=scene.campaign,
        snapshot=made.finished.snapshot,
        parent=made.one,
        status="failed",
        round=scene.campaign.rounds.get(number=3),
        created_at=scene.now + timedelta(hours=2),
    )
    (since, until) = RoundRows([last.round]).labels[last.round_id].span  # type: ignore[list-item, index]
    assert (since, until) == (made.finished.created_at, last.created_at)
    Run.objects.filter(pk=made.running.pk).update(status="failed")
    failed = [item.arguments for item in attention(scene.maya).items if item.page == "run"]
    assert failed == [(last.pk,), (made.running.pk,)]


def test_a_groups_run_keeps_nobody_from_generating_pairs(scene: Stage, made: Furnished) -> None:
    GenerationJob.objects.update(status="failed")
    Run.objects.filter(pk=made.running.pk).update(status="running")
    rule = RetrainingRule.objects.create(campaign=scene.campaign, min_fresh_verdicts=50, updated_at=scene.now)
    assert wants_pairs(rule)
    Snapshot.objects.update(group_name="")
    assert not wants_pairs(rule)


def test_a_groups_snapshot_fixes_no_split_for_the_arms(scene: Stage, made: Furnished) -> None:
    assert may_choose(scene.campaign)
    Snapshot.objects.update(group_name="Region/North")
    assert not may_choose(scene.campaign)
