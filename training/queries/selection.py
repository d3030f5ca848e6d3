"""The trial of what to label next: what its arms have chosen, and when there is something to choose or to measure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from labeling.judging.dealing import front_of_queue
from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment
from labeling.queries.splits import split_of
from labeling.queries.verdicts import PAIR_WINNERS
from labeling.stats import Range
from labeling.stats.arm_worth import FIRST_LOOK, is_due
from training.models import CHANCE, SelectionJob, SelectionTrial, TrialArm
from training.queries.loop import loop_snapshots
from training.queries.rehearsals import channel_of
from training.queries.serving import current_deployment

BATCH = 100
"""Comparisons that are chosen at once."""
FEW_LEFT = 40
"""With fewer chosen ones left, the next are chosen."""
POOL = 500
"""Comparisons at the front of the queue among which the arms choose."""
FEWEST_FREE = 20
"""With fewer to choose from, a choice is none."""

NEEDED = {TrialArm.Name.NOVELTY.value: 0, TrialArm.Name.DISAGREEMENT.value: 2}
"""Trained versions that an arm needs; others need one."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Comparisons of an arm. labels: those of them with a preference.

    votes: what the labels took: those on comparisons that are settled, ties included, or in conflict, and all skips.
    """

    comparisons: int = 0
    labels: int = 0
    votes: int = 0

    @property
    def votes_per_label(self) -> float | None:
        """None: there is no label yet."""
        return self.votes / self.labels if self.labels else None


@dataclass(frozen=True, slots=True)
class ArmState:
    """An arm of the trial as it stands. waits: it cannot choose yet, for want of a snapshot or of trained versions."""

    arm: TrialArm
    chosen: Chosen
    gain: Range | None
    next_look: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Everything on the page. random_share: of the pairs to train on, now; held_out: the share of prompts held out."""

    trial: SelectionTrial | None
    arms: list[ArmState]
    chance: Chosen
    random_share: float
    held_out: float
    job: SelectionJob | None

    @property
    def is_on(self) -> bool:
        return self.trial is not None and self.trial.is_on

    @property
    def finding(self) -> str:
        """off; pays: an arm has a proven gain; open: not clear yet; all arms are switched off: unmeasured, where none
        of them could be measured, else none."""
        if not self.is_on:
            return "off"
        tried = [one.arm for one in self.arms if one.arm.share]
        if any(arm.is_on and arm.standing == TrialArm.Standing.PAYS for arm in tried):
            return "pays"
        if any(arm.is_on for arm in tried):
            return "open"
        return "unmeasured" if all(arm.standing == TrialArm.Standing.UNMEASURED for arm in tried) else "none"

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "is_on": self.is_on,
            "finding": self.finding,
            "enough": self.trial.enough if self.trial else None,
            "random_share": round(self.random_share, 6),
            "held_out_share": self.held_out,
            "random": asdict(self.chance),
            "arms": [
                {
                    "name": one.arm.name,
                    "share": one.arm.share,
                    "standing": one.arm.standing,
                    **asdict(one.chosen),
                    "gain": one.arm.gain,
                    "measured_labels": one.arm.labels,
                    "tries": one.arm.tries,
                    "obstacle": one.arm.obstacle,
                    "next_look": one.next_look,
                    "waits": one.waits,
                    "switched_off_at": one.arm.off_at,
                }
                for one in self.arms
            ],
        }


def selection_of(campaign: Campaign) -> Selection:
    """A campaign's trial as it stands."""
    trial = SelectionTrial.objects.filter(campaign=campaign).prefetch_related("arms").first()
    counts = chosen_by_arm(campaign) if trial else {}
    trained = _trained(campaign)
    arms = [_state(arm, trial, counts, trained) for arm in _in_order(trial)] if trial else []
    job = SelectionJob.objects.filter(campaign=campaign).select_related("campaign", "version").order_by("-pk").first()
    shares = shares_now(trial) if trial else {}
    held_out = split_of(campaign).test_share
    return Selection(trial, arms, counts.get(CHANCE, Chosen()), 1 - sum(shares.values()), held_out, job)


def _in_order(trial: SelectionTrial) -> list[TrialArm]:
    return sorted(trial.arms.all(), key=lambda arm: TrialArm.Name.values.index(arm.name))


def _state(arm: TrialArm, trial: SelectionTrial, counts: Mapping[str, Chosen], trained: int) -> ArmState:
    gain = Range(**arm.gain) if arm.gain else None
    chosen = counts.get(arm.name, Chosen())
    return ArmState(arm, chosen, gain, next_look(arm, trial.enough), trained < NEEDED.get(arm.name, 1))


def shares_now(trial: SelectionTrial) -> dict[str, float]:
    """The shares of the arms that choose."""
    return {arm.name: arm.share for arm in trial.arms.all() if arm.is_on and arm.share}


def chosen_by_arm(campaign: Campaign) -> dict[str, Chosen]:
    """The comparisons that each arm has chosen so far, with their labels and votes."""
    rows = Comparison.objects.filter(campaign=campaign).exclude(arm="").exclude(status__in=Comparison.OUT)
    over = Q(status__in=(Comparison.Status.SETTLED, Comparison.Status.CONFLICT))
    counted = (
        rows.order_by()
        .values_list("arm")
        .annotate(
            comparisons=Count("pk"),
            labels=Count("pk", filter=Q(verdict__winner__in=PAIR_WINNERS)),
            given=Sum("judged", filter=over),
        )
    )
    skips = Judgment.objects.filter(
        comparison__in=rows.values("pk"), choice=Choice.SKIP, kind=Assignment.Kind.NORMAL, superseded_at=None
    )
    skipped = dict(skips.order_by().values_list("comparison__arm").annotate(number=Count("pk")))
    return {
        arm: Chosen(comparisons, labels, (given or 0) + skipped.get(arm, 0))
        for arm, comparisons, labels, given in counted
    }


def units(arm: str, counts: Mapping[str, Chosen], campaign: Campaign) -> int:
    """The labels of an arm, or as many as its votes would have paid for by chance, where these are more.

    So an arm that asks for ties and skips is looked at as early as one that asks for labels.
    """
    chosen = counts.get(arm, Chosen())
    usual = counts.get(CHANCE, Chosen()).votes_per_label or float(campaign.overlap)
    return max(chosen.labels, int(chosen.votes / usual))


def due_arm(trial: SelectionTrial, counts: Mapping[str, Chosen], campaign: Campaign) -> TrialArm | None:
    """The arm that is to be looked at now, the one with the most labels since its last time; None: no arm."""
    since = {arm: units(arm.name, counts, campaign) for arm in trial.arms.all() if arm.is_on and arm.share}
    due = [arm for arm, labels in since.items() if is_due(labels, arm.labels, trial.enough)]
    return max(due, key=lambda arm: since[arm] - arm.labels, default=None)


def next_look(arm: TrialArm, enough: int) -> int:
    """The labels (`units`) at which an arm is measured next."""
    later = max(FIRST_LOOK, 2 * arm.labels)
    return min(later, max(FIRST_LOOK, enough)) if arm.labels < enough else later


def is_choice_due(campaign: Campaign) -> bool:
    """Whether few chosen comparisons are left in the queue, and there are others to choose from."""
    front = front_of_queue(campaign, POOL)
    return front.ready < FEW_LEFT and len(front.free) >= FEWEST_FREE


def may_choose(campaign: Campaign) -> bool:
    """Whether arms may choose: the first snapshot fixes which prompts are held out, and these are chance's alone."""
    return loop_snapshots(campaign).exists()


def _trained(campaign: Campaign) -> int:
    """How many of the serving version and the one before it were trained; -1: the campaign has no snapshot yet."""
    if not may_choose(campaign):
        return -1
    deployment = current_deployment(channel_of(campaign))
    version = deployment.version if deployment else None
    if version is None or version.parent_id is None:
        return 0
    assert version.parent is not None
    return 1 + (version.parent.parent_id is not None)
