"""New versions before and after their promotion: the canary that writes a share, and the watch over what serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labeling.models import Assignment, Campaign, Choice, Judgment
from labeling.stats import chance_of_more, difference_of_shares
from training.models import (
    Deployment,
    EvaluationJob,
    GateDecision,
    JobStatus,
    ModelVersion,
    RoundPlan,
)
from training.queries.serving import current_deployment

NAMES = ("ties", "flags", "disagreement")
ERROR = 0.05
"""The probability that a version no worse is rolled back, over all looks and figures together."""
MOST_BEFORE = 5000
MOST_LOOKS = 10


def canary_version(campaign: Campaign) -> ModelVersion | None:
    """The campaign's newest version, if it awaits its promotion; None: there is none.

    It never served, is newer than what serves, and neither its evaluation nor its gate speaks against it.
    """
    versions = ModelVersion.objects.filter(run__campaign=campaign).select_related("run").order_by("-pk")
    newest = versions.first()
    serving = current_deployment()
    if newest is None or newest.files_removed_at is not None or newest.deployments.exists():
        return None
    if serving is not None and newest.created_at < serving.at:
        return None
    decision = GateDecision.objects.filter(version=newest).order_by("-pk").first()
    if decision is not None and not decision.is_promoted:
        return None
    jobs = EvaluationJob.objects.filter(version=newest, status=JobStatus.FINISHED).defer("report", "parts")
    evaluation = next((job for job in jobs.order_by("-pk") if job.for_gates), None)
    is_fine = evaluation is not None and evaluation.finding != EvaluationJob.Finding.WORSE
    return newest if is_fine else None


@dataclass(frozen=True, slots=True)
class WatchedFigure:
    """A share of pairs that got worse or not. name: of NAMES. low, high: of the change.

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

    It looks after watch_pairs, twice, four times as many judged pairs, and at each look only at that many: it does not
    matter when somebody looks. Each look has half the error of the one before, shared by the figures.
    """
    previous = deployment.previous
    if plan.watch_pairs is None or previous is None or deployment.kind != Deployment.Kind.PROMOTION:
        return None
    after = _pairs(plan.campaign, deployment.version, deployment)
    look, size = 0, plan.watch_pairs
    while look < MOST_LOOKS and len(after) >= size * 2**look:
        look += 1
    figures: list[WatchedFigure] = []
    if look:
        before = _pairs(plan.campaign, previous.version, None)
        error = ERROR / (len(NAMES) * 2**look)
        figures = _figures(after[: size * 2 ** (look - 1)], before, error=error)
    next_look = size * 2**look if look < MOST_LOOKS else None
    return Watch(deployment.version, previous.version, len(after), next_look, figures)


def _pairs(campaign: Campaign, version: ModelVersion, since: Deployment | None) -> list[_Pair]:
    """The judged pairs of which a version wrote both texts, by their first judgments.

    since: only those judged after it; None: the newest ones of all.
    """
    rows = Judgment.objects.filter(
        campaign=campaign,
        kind=Assignment.Kind.NORMAL,
        superseded_at=None,
        annotator__is_simulated=False,
        annotator__outside_campaign=None,
        comparison__completion_a__model_version=version.name,
        comparison__completion_b__model_version=version.name,
    )
    columns = ("comparison", "choice", "flag")
    if since is not None:
        found = list(rows.filter(created_at__gt=since.at).order_by("created_at", "pk").values_list(*columns))
    else:
        found = list(rows.order_by("-created_at", "-pk").values_list(*columns)[:MOST_BEFORE])[::-1]
    by_pair: dict[int, list[tuple[str, str]]] = {}
    for pair, choice, flag in found:
        by_pair.setdefault(pair, []).append((choice, flag))
    return [
        _Pair(bool(said[0][1]), [choice for choice, _flag in said if choice != Choice.SKIP])
        for said in by_pair.values()
    ]


def _figures(after: Sequence[_Pair], before: Sequence[_Pair], *, error: float) -> list[WatchedFigure]:
    """Each figure that there is on both sides. error: the probability of calling one worse that is not."""
    now, then = _counts(after), _counts(before)
    found = []
    for name in NAMES:
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
