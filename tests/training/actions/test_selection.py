"""The trial of what to label next: arms and shares, when a choice is made, and when an arm is switched off."""

from datetime import timedelta

import pytest

from common.errors import NotAllowed
from labeling.actions.campaigns import change_campaign_status
from labeling.judging.dealing import deal, front_of_queue
from labeling.models import Comparison, Event
from labeling.stats import Range
from tests.people import NOON, stage
from tests.training.selection import labeled_by, trial_scene
from training.actions.selection import (
    AGAIN_AFTER,
    cancel_selection,
    look_at_trials,
    record_worth,
    set_selection,
    start_selection,
)
from training.errors import ForItsGateOnly, JobActive, JobOver, WrongSettings
from training.models import JobStatus, ModelVersion, SelectionJob, TrialArm
from training.queries.selection import Chosen, chosen_by_arm, selection_of

pytestmark = pytest.mark.django_db


def test_a_lead_gives_arms_their_shares_and_chance_has_the_rest() -> None:
    scene, _trial = trial_scene(novelty=0.3, gap=0.2)
    found = selection_of(scene.campaign)
    assert found.is_on
    assert found.random_share == pytest.approx(0.5)
    assert [(one.arm.name, one.waits) for one in found.arms] == [("gap", True), ("novelty", False)]
    set_selection(campaign=scene.campaign, shares={"novelty": 0.1}, acting_user=scene.maya, now=NOON)
    assert selection_of(scene.campaign).random_share == pytest.approx(0.9)
    set_selection(campaign=scene.campaign, shares={}, acting_user=scene.maya, now=NOON)
    assert selection_of(scene.campaign).finding == "off"
    last = Event.objects.filter(verb="selection.set").latest("pk")
    assert (last.before["arm_shares"], last.after["arm_shares"]) == ({"novelty": 0.1}, {})


def test_chance_keeps_a_fifth_and_only_known_arms_have_shares() -> None:
    scene, _trial = trial_scene(10)
    for shares in ({"novelty": 0.81}, {"gap": 0.5, "novelty": 0.31}, {"luck": 0.1}, {"gap": -0.1}):
        with pytest.raises(WrongSettings):
            set_selection(campaign=scene.campaign, shares=shares, acting_user=scene.maya, now=NOON)
    with pytest.raises(WrongSettings):
        set_selection(campaign=scene.campaign, shares={}, enough=5, acting_user=scene.maya, now=NOON)
    set_selection(campaign=scene.campaign, shares={"gap": 0.5, "novelty": 0.3}, acting_user=scene.maya, now=NOON)


def test_annotators_may_not_and_blind_tests_have_no_trial() -> None:
    scene, _trial = trial_scene(10)
    with pytest.raises(NotAllowed):
        set_selection(campaign=scene.campaign, shares={"gap": 0.1}, acting_user=scene.alice, now=NOON)
    with pytest.raises(NotAllowed):
        start_selection(campaign=scene.campaign, acting_user=scene.alice, now=NOON)
    type(scene.campaign).objects.filter(pk=scene.campaign.pk).update(kind="blind_test")
    with pytest.raises(ForItsGateOnly):
        set_selection(campaign=scene.reload(), shares={"gap": 0.1}, acting_user=scene.maya, now=NOON)


def test_the_sweep_starts_a_choice_once_and_again_when_few_chosen_ones_are_left() -> None:
    scene, _trial = trial_scene()
    assert look_at_trials(now=NOON) == 1
    assert look_at_trials(now=NOON) == 0  # it is active
    with pytest.raises(JobActive):
        start_selection(campaign=scene.campaign, acting_user=scene.maya, now=NOON)
    Comparison.objects.filter(campaign=scene.campaign).update(arm="random")
    SelectionJob.objects.update(status=JobStatus.FINISHED, chosen={"random": 100})
    assert look_at_trials(now=NOON) == 0  # enough are chosen
    Comparison.objects.filter(campaign=scene.campaign).update(arm="")
    assert look_at_trials(now=NOON) == 1


def test_after_a_choice_of_nothing_the_sweep_waits_an_hour() -> None:
    scene, _trial = trial_scene()
    SelectionJob.objects.create(
        campaign=scene.campaign,
        version=ModelVersion.objects.get(),
        minutes=60,
        status=JobStatus.FINISHED,
        created_at=NOON,
        finished_at=NOON,
    )
    assert look_at_trials(now=NOON + AGAIN_AFTER / 2) == 0
    assert look_at_trials(now=NOON + AGAIN_AFTER) == 1


def test_after_a_cancelled_choice_the_sweep_waits_an_hour_and_a_paused_campaign_has_none() -> None:
    scene, _trial = trial_scene()
    look_at_trials(now=NOON)
    assert cancel_selection(campaign=scene.campaign, acting_user=scene.maya, now=NOON).status == JobStatus.CANCELLED
    with pytest.raises(JobOver):
        cancel_selection(campaign=scene.campaign, acting_user=scene.maya, now=NOON)
    assert look_at_trials(now=NOON + AGAIN_AFTER / 2) == 0
    change_campaign_status(campaign=scene.campaign, status="paused", acting_user=scene.maya, now=NOON)
    assert look_at_trials(now=NOON + AGAIN_AFTER) == 0
    change_campaign_status(campaign=scene.reload(), status="active", acting_user=scene.maya, now=NOON)
    assert look_at_trials(now=NOON + AGAIN_AFTER) == 1


def test_without_a_trial_nothing_is_chosen() -> None:
    scene = stage(comparisons=4)
    with pytest.raises(WrongSettings):
        start_selection(campaign=scene.campaign, acting_user=scene.maya, now=NOON)
    assert look_at_trials(now=NOON) == 0


def test_an_arm_with_enough_labels_is_measured_first() -> None:
    scene, trial = trial_scene()
    labeled_by(scene, novelty=40)
    assert chosen_by_arm(scene.campaign)["novelty"] == Chosen(40, 40, 40)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    assert (job.arm, job.labels) == ("novelty", 40)
    TrialArm.objects.filter(trial=trial).update(labels=40)
    SelectionJob.objects.update(status=JobStatus.FINISHED)
    assert start_selection(campaign=scene.campaign, acting_user=None, now=NOON).arm == ""


def test_an_arm_that_brings_ties_and_skips_is_measured_once_its_votes_would_have_paid_for_as_many_labels() -> None:
    scene, _trial = trial_scene()
    labeled_by(scene, random=20)
    front = front_of_queue(scene.campaign, 60)
    deal(scene.campaign, [(pk, "novelty") for pk in front.free[:38]], front=front.free)
    scene.settle(["tie"] * 30)
    for _time in range(8):
        scene.judge(scene.given(scene.alice), "skip")
    counts = chosen_by_arm(scene.campaign)
    assert counts["random"].votes_per_label == 1.0
    assert counts["novelty"] == Chosen(38, 0, 38)
    assert start_selection(campaign=scene.campaign, acting_user=None, now=NOON).arm == ""
    SelectionJob.objects.update(status=JobStatus.FINISHED)
    front = front_of_queue(scene.campaign, 60)
    deal(scene.campaign, [(pk, "novelty") for pk in front.free[:2]], front=front.free)
    scene.settle(["tie"] * 2)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    assert (job.arm, job.labels) == ("novelty", 40)


def test_an_arm_that_cannot_be_measured_is_said_and_gives_its_share_back() -> None:
    scene, trial = trial_scene(10)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    job.arm, found = "novelty", []
    for labels in (40, 80, 160):
        job.labels = labels
        arm = record_worth(job=job, gain=None, obstacle=TrialArm.Obstacle.LABELS, now=NOON)
        assert arm is not None
        found.append((arm.standing, arm.tries, arm.is_on, Event.objects.latest("pk").verb))
    assert found == [
        ("open", 1, True, "selection.arm_not_measured"),
        ("open", 2, True, "selection.arm_not_measured"),
        ("unmeasured", 3, False, "selection.arm_switched_off"),
    ]
    assert Event.objects.latest("pk").after["obstacle"] == "labels"
    assert selection_of(scene.campaign).random_share == pytest.approx(1.0)
    set_selection(campaign=scene.campaign, shares={"novelty": 0.2}, acting_user=None, now=NOON)
    arm = TrialArm.objects.get(trial=trial)
    assert (arm.is_on, arm.tries, arm.obstacle) == (True, 0, "")


def measured(gain: Range | None, labels: int) -> TrialArm:
    scene, _trial = trial_scene(10)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    job.arm, job.labels = "novelty", labels
    arm = record_worth(job=job, gain=gain, now=NOON + timedelta(minutes=5))
    assert arm is not None
    return arm


@pytest.mark.parametrize(
    ("gain", "labels", "standing"),
    [
        (Range(-0.05, -0.08, -0.02), 40, "loses"),
        (Range(0.01, -0.02, 0.04), 80, "unproven"),
        (Range(0.01, -0.02, 0.04), 40, "open"),
        (Range(0.05, 0.02, 0.08), 80, "pays"),
        (None, 80, "open"),
    ],
)
def test_the_interval_decides_whether_an_arm_stays(gain: Range | None, labels: int, standing: str) -> None:
    arm = measured(gain, labels)
    is_off = standing in ("loses", "unproven")
    assert (arm.standing, arm.labels, arm.is_on) == (standing, labels, not is_off)
    event = Event.objects.latest("pk")
    usual = "selection.arm_measured" if gain else "selection.arm_not_measured"
    assert event.verb == ("selection.arm_switched_off" if is_off else usual)
    assert (event.after["arm"], event.after["standing"]) == ("novelty", standing)
    found = selection_of(arm.trial.campaign)
    assert found.random_share == pytest.approx(1.0 if is_off else 0.5)  # the share is chance's again
    assert found.finding == ("none" if is_off else "pays" if standing == "pays" else "open")


def test_what_was_proven_stands_where_nothing_new_could_be_measured() -> None:
    arm = measured(Range(0.05, 0.02, 0.08), 80)
    job = SelectionJob(campaign=arm.trial.campaign, arm="novelty", labels=160)
    again = record_worth(job=job, gain=None, now=NOON + timedelta(hours=1))
    assert again is not None
    assert (again.standing, again.gain) == ("pays", arm.gain)


def test_a_switched_off_arm_starts_again_when_a_lead_gives_it_a_share() -> None:
    arm = measured(Range(-0.05, -0.08, -0.02), 40)
    set_selection(campaign=arm.trial.campaign, shares={"novelty": 0.2}, acting_user=None, now=NOON)
    arm.refresh_from_db()
    assert (arm.is_on, arm.standing, arm.labels, arm.gain) == (True, "open", 0, None)
    assert record_worth(job=SelectionJob(campaign=arm.trial.campaign, arm="gap"), gain=None, now=NOON) is None
