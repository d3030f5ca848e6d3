"""A trial of what to label next: rows only."""

from labeling.judging.dealing import deal, front_of_queue
from tests.browser.furnished import Furnished
from tests.people import NOON, Stage
from training.models import SelectionJob, SelectionTrial, TrialArm


def trial_of(stage: Stage, furnished: Furnished) -> SelectionTrial:
    """A trial of three arms: one pays, one was switched off, one is not clear yet; two pairs are chosen."""
    trial = SelectionTrial.objects.create(
        campaign=stage.campaign, is_on=True, enough=160, changed_by=stage.maya, changed_at=NOON
    )
    rows = (
        ("uncertainty", 0.2, "loses", 80, {"value": -0.031, "low": -0.052, "high": -0.010}, NOON),
        ("gap", 0.2, "pays", 160, {"value": 0.024, "low": 0.006, "high": 0.042}, None),
        ("novelty", 0.2, "open", 0, None, None),
    )
    for name, share, standing, labels, gain, off_at in rows:
        TrialArm.objects.create(
            trial=trial,
            name=name,
            share=share,
            standing=standing,
            labels=labels,
            gain=gain,
            measured_at=NOON if gain else None,
            off_at=off_at,
        )
    front = front_of_queue(stage.campaign, 4)
    deal(stage.campaign, list(zip(front.free[:2], ("random", "gap"), strict=False)), front=front.free)
    return trial


def choice_of(stage: Stage, furnished: Furnished, status: str = "finished") -> SelectionJob:
    """A choice of pairs that measured an arm first."""
    return SelectionJob.objects.create(
        campaign=stage.campaign,
        version=furnished.one,
        status=status,
        minutes=60,
        arm="gap",
        labels=160,
        done=10,
        total=10,
        chosen={"random": 36, "gap": 13},
        created_by=stage.maya,
        created_at=NOON,
        started_at=NOON,
        heartbeat_at=NOON,
    )
