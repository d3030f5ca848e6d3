"""The removable files of versions and runs: none that serves, that a rollback needs, or that these depend on."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext

from training.models import (
    ACTIVE_STATUSES,
    BlameJob,
    Deployment,
    EvaluationJob,
    GenerationJob,
    GroupJob,
    JobStatus,
    LensJob,
    ModelVersion,
    PeopleGate,
    Run,
    SelectionJob,
    SuiteRun,
)
from training.queries.group_versions import versions_of
from training.queries.retraining import runs_awaiting_gate
from training.versions import files

KEEP_NEWEST = 3


@dataclass(frozen=True)
class Removable:
    """A folder that nothing needs: a version's adapter, or the checkpoints of a run. bytes: its size."""

    of: ModelVersion | Run
    folder: Path
    bytes: int

    @property
    def description(self) -> str:
        """Its name, for commands."""
        return f"version {self.of.name}" if isinstance(self.of, ModelVersion) else f"checkpoints of run {self.of.pk}"


def hold(*versions: ModelVersion) -> None:
    """Protects the files of versions from removal until the transaction ends, while rows that name them are written.

    A removal locks the version and then looks at those rows: without this lock it could look before they are written.
    Raises VersionDamaged if files have already been removed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM training_modelversion WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
            [[version.pk for version in versions]],
        )
    for version in ModelVersion.objects.filter(pk__in=[version.pk for version in versions]):
        files.check_kept(version)


def needed() -> dict[int, str]:
    """The versions whose files are needed, by id, each with the reason as the end of a sentence."""
    reasons: dict[int, str] = {}
    for version, reason in chain(_serving_or_next(), _at_work()):
        if version is not None:
            reasons.setdefault(version, reason)
    # A version is measured against its parent, and its implicit reward is a ratio of the two.
    for child in ModelVersion.objects.filter(pk__in=list(reasons), parent__isnull=False):
        assert child.parent_id is not None
        reasons.setdefault(child.parent_id, gettext("%(name)s was trained from it") % {"name": child.name})
    return reasons


def _serving_or_next() -> Iterator[tuple[int | None, str]]:
    """The versions that serve, come back, or may serve next, by id, with the reason."""
    for deployment in Deployment.objects.filter(is_current=True).select_related("previous"):
        yield deployment.version_id, gettext("it serves %(channel)s") % {"channel": deployment.channel}
        if deployment.previous is not None:
            yield deployment.previous.version_id, gettext("a rollback would return to it")
    for run in Run.objects.filter(status__in=ACTIVE_STATUSES):
        yield run.parent_id, gettext("run %(number)s starts from it") % {"number": run.pk}
    for made in ModelVersion.objects.filter(run__in=runs_awaiting_gate()):
        yield made.pk, gettext("the gate of run %(number)s has not decided about it yet") % {"number": made.run_id}
    for gate in PeopleGate.objects.filter(status__in=(*PeopleGate.OPEN, PeopleGate.Status.BETTER)):
        reason = gettext("gate by people %(number)s is about it") % {"number": gate.pk}
        yield gate.candidate_id, reason
        yield gate.serving_id if gate.is_open else None, reason


def _at_work() -> Iterator[tuple[int | None, str]]:
    """The versions that jobs use, by id, with the reason."""
    for lens_job in LensJob.objects.filter(status__in=ACTIVE_STATUSES):
        reason = gettext("lens job %(number)s uses it") % {"number": lens_job.pk}
        for version in (lens_job.version_id, lens_job.before_id, lens_job.reference_id):
            yield version, reason
    for search in BlameJob.objects.filter(status__in=ACTIVE_STATUSES):
        yield search.version_id, gettext("a search for doubtful pairs uses it")
    for choice in SelectionJob.objects.filter(status__in=ACTIVE_STATUSES).select_related("version"):
        for version in (choice.version_id, choice.version.parent_id):
            yield version, gettext("a choice of pairs uses it")
    for job in GroupJob.objects.filter(status__in=ACTIVE_STATUSES).exclude(grouping=None).select_related("grouping"):
        for one in versions_of(job.grouping) if job.grouping else ():
            yield one.version.pk, gettext("it is measured for the groups of annotators")
    for evaluation in EvaluationJob.objects.filter(status__in=ACTIVE_STATUSES):
        reason = gettext("evaluation %(number)s measures it") % {"number": evaluation.pk}
        for version in (evaluation.version_id, evaluation.compared_id):
            yield version, reason
    for writing in GenerationJob.objects.filter(status__in=ACTIVE_STATUSES):
        reason = gettext("generation %(number)s uses it") % {"number": writing.pk}
        for version in (*writing.versions.values_list("pk", flat=True), writing.reward_version_id):
            yield version, reason
    for suite_run in SuiteRun.objects.filter(status__in=ACTIVE_STATUSES):
        reason = gettext("suite run %(number)s uses it") % {"number": suite_run.pk}
        for version in (suite_run.version_id, suite_run.reward_version_id):
            yield version, reason


def why_needed(version: ModelVersion) -> str:
    """Why a version's files must stay, as the end of a sentence; empty if they are removable."""
    if not version.adapter_dir:
        return gettext("it is a base model")
    return needed().get(version.pk, "")


def removable(*, keep_newest: int = KEEP_NEWEST) -> list[Removable]:
    """Adapters that nothing needs, except the newest of each campaign, and the checkpoints of finished runs.

    The parents of those stay: each is measured against its parent whenever somebody evaluates it.
    """
    stays: set[int | None] = set(needed())
    kept: dict[int, int] = {}
    rows = ModelVersion.objects.filter(files_removed_at__isnull=True).exclude(adapter_dir="")
    versions = list(rows.select_related("run").order_by("-pk"))
    for version in versions:
        campaign = version.run.campaign_id if version.run else 0
        kept[campaign] = kept.get(campaign, 0) + 1
        if kept[campaign] <= keep_newest:
            stays |= {version.pk, version.parent_id}
    adapters = [(version, Path(version.adapter_dir)) for version in versions if version.pk not in stays]
    found = [Removable(version, folder, folder_bytes(folder)) for version, folder in adapters if is_ours(folder)]
    return found + _checkpoints()


def _checkpoints() -> list[Removable]:
    """The checkpoints (weights and optimizer) of finished runs: they only serve to resume."""
    checkpoints = []
    finished = Run.objects.filter(status=JobStatus.FINISHED).exclude(directory="").order_by("-pk")
    for run in finished:
        folder = Path(run.directory) / "checkpoints"
        if folder.is_dir() and is_ours(folder):
            checkpoints.append(Removable(run, folder, folder_bytes(folder)))
    return checkpoints


def is_ours(folder: Path) -> bool:
    """Whether a folder is inside var/: nothing else is ever removed."""
    return folder.resolve().is_relative_to(settings.VAR_DIR.resolve())


def folder_bytes(folder: Path) -> int:
    """The size of its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
