"""The run that learned from a person beside the first one that did not: the difference that leaving them out made."""

from dataclasses import dataclass

from labeling.stats import difference_of_shares
from training.models import BlameJob, LeftOut, ModelVersion, Run
from training.queries.lineage import comparisons_judged_by
from training.queries.loop import loop_runs


@dataclass(frozen=True, slots=True)
class Beside:
    """Two runs of a campaign. after: the first with a version since the person was left out, else the newest.

    difference: of the accuracy on each one's own held-out pairs, `after` less `before`, with its 95 % interval as of
    independent samples; None until both are measured. asked: the newest search that began with a comparison.
    """

    before: Run
    after: Run
    difference: tuple[float, float, float] | None
    asked: BlameJob | None

    @property
    def finding(self) -> str:
        """better, worse, or unknown."""
        _difference, low, high = self.difference or (0.0, 0.0, 0.0)
        return "better" if low > 0 else "worse" if high < 0 else "unknown"


def runs_beside(row: LeftOut | None) -> Beside | None:
    """The runs before and after a person was left out; None where one of them is missing."""
    if row is None:
        return None
    runs = loop_runs(row.campaign).select_related("version", "snapshot")
    learned = comparisons_judged_by(row.person)
    since = runs.filter(created_at__gte=row.at).exclude(snapshot__in=learned)
    after = since.filter(version__isnull=False).order_by("pk").first() or since.order_by("-pk").first()
    before = runs.filter(snapshot__in=learned, version__isnull=False, created_at__lt=row.at)
    newest = before.order_by("-pk").first()
    if after is None or newest is None:
        return None
    asked = BlameJob.objects.filter(snapshot=newest.snapshot_id, query__isnull=False).order_by("-pk").first()
    return Beside(newest, after, held_out_difference(after, newest), asked)


def held_out_difference(run: Run, other: Run) -> tuple[float, float, float] | None:
    """The held-out accuracy of a run's version less that of another's, with its interval; None: not measured."""
    mine, theirs = _right_of(run), _right_of(other)
    return None if mine is None or theirs is None else difference_of_shares(*mine, *theirs)


def _right_of(run: Run) -> tuple[float, int] | None:
    """How many held-out pairs its version gets right, a tie half, and how many there are; both as if independent."""
    version: ModelVersion | None = getattr(run, "version", None)
    metrics = version.metrics if version else {}
    accuracy, pairs = metrics.get("reward_accuracy"), metrics.get("pairs")
    if accuracy is None or not pairs:
        return None
    independent = run.snapshot.independent(pairs)
    return accuracy * independent, independent
