"""New versions before and after their promotion: the canary that writes a share, and the watch over what serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Q, QuerySet

from labeling.models import Assignment, Campaign, Choice, Judgment
from labeling.stats import chance_of_more, coin_tail, difference_of_shares, wilson_interval
from training.models import (
    Deployment,
    EvaluationJob,
    GateDecision,
    JobStatus,
    ModelVersion,
    RoundPlan,
)
from training.queries.loop import loop_versions
from training.queries.rehearsals import channel_of
from training.queries.serving import current_deployment

NAMES = ("losses", "ties", "flags", "disagreement")
ERROR = 0.05
"""The probability that a version no worse is rolled back, over all looks and figures together."""
MOST_BEFORE = 5000
MOST_LOOKS = 10
OURS, THEIRS = "ours", "theirs"


def canary_version(campaign: Campaign) -> ModelVersion | None:
    """The campaign's newest version, if it awaits its promotion; None: there is none.

    It never served, is newer than what serves, and neither its evaluation nor its gate speaks against it. The versions
    of groups of annotators stand beside the loop.
    """
    newest = loop_versions(campaign).select_related("run").order_by("-pk").first()
    serving = current_deployment(channel_of(campaign))
    if newest is None or newest.files_removed_at is not None or newest.deployments.exists():
        return None
    if serving is not None and newest.created_at < serving.at:
        return None
    return newest if _evaluation_of(newest) is not None and not is_rejected(newest) else None


def is_rejected(version: ModelVersion) -> bool:
    """Whether a version was held back, found worse, or rolled back."""
    decision = GateDecision.objects.filter(version=version).order_by("-pk").first()
    if decision is not None and not decision.is_promoted:
        return True
    evaluation = _evaluation_of(version)
    if evaluation is not None and evaluation.finding == EvaluationJob.Finding.WORSE:
        return True
    last = version.deployments.select_related("previous").order_by("-pk").first()
    if last is None or last.is_current:
        return False
    later = Deployment.objects.filter(channel=last.channel, pk__gt=last.pk)
    follower = later.select_related("version").order_by("pk").first()
    return follower is not None and (
        follower.kind == Deployment.Kind.ROLLBACK
        or (follower.by_id is not None and returns_to_previous(last, follower.version))
    )


def returns_to_previous(current: Deployment, version: ModelVersion) -> bool:
    """Whether a deployment of this version in place of the current one is a rollback, whatever it is called."""
    return current.previous is not None and current.previous.version_id == version.pk


def _evaluation_of(version: ModelVersion) -> EvaluationJob | None:
    """The newest finished evaluation that gates read."""
    jobs = EvaluationJob.objects.filter(version=version, status=JobStatus.FINISHED).defer("report", "parts")
    return next((job for job in jobs.order_by("-pk") if job.for_gates), None)


@dataclass(frozen=True, slots=True)
class WatchedFigure:
    """A share of pairs that got worse or not. name: of NAMES. low, high: of the change.

    losses: the share of its pairs with the version before that this one won; it is compared with an even half.
    is_worse: the whole interval lies above zero, and an exact test, whose error holds for few pairs too, agrees.
    """

    name: str
    share: float
    pairs: int
    before: float
    pairs_before: int
    change: float
    low: float
    high: float
    is_worse: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """The watched figures of a promoted version at its latest look.

    judged: its pairs judged so far. next_look: after how many it is looked at again; None: never. figures: empty before
    the first look.
    """

    version: ModelVersion
    before: ModelVersion
    judged: int
    next_look: int | None
    figures: list[WatchedFigure]

    @property
    def worse(self) -> list[WatchedFigure]:
        return [figure for figure in self.figures if figure.is_worse]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A judged pair. flagged: its first judgment flagged it. votes: without skips, oldest first."""

    flagged: bool
    votes: Sequence[str]


def watch_of(deployment: Deployment, plan: RoundPlan) -> Watch | None:
    """The watch over a promotion; None: nothing is watched, or nothing served before.

    It looks after watch_pairs, twice, four times as many judged pairs, and at each look only at that many, as both
    sides stood when the last of them was first judged: it does not matter when somebody looks. Each look has half the
    error of the one before, shared by the figures.
    """
    previous = deployment.previous
    if plan.watch_pairs is None or previous is None or deployment.kind != Deployment.Kind.PROMOTION:
        return None
    new, old = deployment.version, previous.version
    after = _judgments(plan.campaign, new, new).filter(created_at__gt=deployment.at)
    against = _judgments(plan.campaign, new, old).filter(created_at__gt=deployment.at)
    after |= against
    by_pair = after.order_by().values("comparison").annotate(first=Min("created_at"))
    begun = list(by_pair.order_by("first", "comparison"))
    look, size = 0, plan.watch_pairs
    while look < MOST_LOOKS and len(begun) >= size * 2**look:
        look += 1
    figures: list[WatchedFigure] = []
    if look:
        seen = begun[: size * 2 ** (look - 1)]
        at = seen[-1]["first"]
        keys = [pair["comparison"] for pair in seen]
        error = ERROR / (len(NAMES) * 2**look)
        now = _pairs(_judgments(plan.campaign, new, new).filter(comparison__in=keys), at)
        before = _pairs(_judgments(plan.campaign, old, old), at, most=MOST_BEFORE)
        lost = _losses(_pairs(against.filter(comparison__in=keys), at, of=old), error=error)
        figures = [*lost, *_figures(now, before, error=error)]
    next_look = size * 2**look if look < MOST_LOOKS else None
    return Watch(deployment.version, previous.version, len(begun), next_look, figures)


def _judgments(campaign: Campaign, version: ModelVersion, other: ModelVersion) -> QuerySet[Judgment]:
    """The judgments by people, superseded ones too, of the pairs that two versions wrote; both may be the same one."""
    a, b = "comparison__completion_a__model_version", "comparison__completion_b__model_version"
    by_both = Q((a, version.name), (b, other.name)) | Q((a, other.name), (b, version.name))
    people = {"annotator__is_simulated": False, "annotator__outside_campaign": None}
    judgments = Judgment.objects.filter(by_both, campaign=campaign, kind=Assignment.Kind.NORMAL, **people)
    # Pairs that somebody picked say nothing about all: those of lost scenarios, and those of a file.
    return judgments.exclude(comparison__source__startswith="suite ").filter(comparison__batch=None)


def _pairs(
    judgments: QuerySet[Judgment], at: datetime, *, most: int | None = None, of: ModelVersion | None = None
) -> list[_Pair]:
    """The pairs as they stood at a time: what was judged or changed later alters nothing. most: newest judgments.

    of: votes for a text are told as OURS or THEIRS, of this version or of the other one.
    """
    stood = judgments.filter(Q(superseded_at=None) | Q(superseded_at__gt=at), created_at__lte=at)
    columns = ("comparison", "choice", "flag", "comparison__completion_a__model_version")
    found = list(stood.order_by("-created_at", "-pk").values_list(*columns)[:most])[::-1]
    by_pair: dict[int, list[tuple[str, str]]] = {}
    for pair, choice, flag, writer_of_a in found:
        if of is not None and choice in (Choice.A, Choice.B):
            choice = OURS if (choice == Choice.A) == (writer_of_a == of.name) else THEIRS
        by_pair.setdefault(pair, []).append((choice, flag))
    return [
        _Pair(bool(said[0][1]), [choice for choice, _flag in said if choice != Choice.SKIP])
        for said in by_pair.values()
    ]


def _losses(pairs: Sequence[_Pair], *, error: float) -> list[WatchedFigure]:
    """How often the version before won against this one; nothing without a pair of both. Ties count half.

    The exact test is the sign test: an even version loses at most half of the pairs that somebody decided.
    """
    first = [pair.votes[0] for pair in pairs if pair.votes]
    if not first:
        return []
    lost, won = first.count(OURS), first.count(THEIRS)
    share = (lost + (len(first) - lost - won) / 2) / len(first)
    low, high = wilson_interval(share * len(first), len(first), level=1 - 2 * error)
    is_worse = low > 0.5 and coin_tail(lost, lost + won) <= error
    change = share - 0.5, low - 0.5, high - 0.5
    return [WatchedFigure("losses", share, len(first), 0.5, 0, *change, is_worse)]


def _figures(after: Sequence[_Pair], before: Sequence[_Pair], *, error: float) -> list[WatchedFigure]:
    """Each figure that there is on both sides. error: the probability of calling one worse that is not."""
    now, then = _counts(after), _counts(before)
    found = []
    for name in now:
        (count, pairs), (count_before, pairs_before) = now[name], then[name]
        if pairs and pairs_before:
            change = difference_of_shares(count, pairs, count_before, pairs_before, level=1 - 2 * error)
            is_worse = change[1] > 0 and chance_of_more(count, pairs, count_before, pairs_before) <= error
            found.append(
                WatchedFigure(name, count / pairs, pairs, count_before / pairs_before, pairs_before, *change, is_worse)
            )
    return found


def _counts(pairs: Sequence[_Pair]) -> Mapping[str, tuple[int, int]]:
    """Of each figure, in how many pairs it was seen, and in how many it could have been. Each pair counts once."""
    voted = [pair.votes for pair in pairs if pair.votes]
    twice = [votes for votes in voted if len(votes) > 1]
    return {
        "ties": (sum(votes[0] in (Choice.TIE, Choice.BOTH_BAD) for votes in voted), len(voted)),
        "flags": (sum(pair.flagged for pair in pairs), len(pairs)),
        "disagreement": (sum(votes[0] != votes[1] for votes in twice), len(twice)),
    }
