"""Which files of versions and runs may go: never what serves, what a roll-back returns to, or what these stand on."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext

from training.models import (
    ACTIVE_STATUSES,
    Deployment,
    GenerationJob,
    JobStatus,
    LensJob,
    ModelVersion,
    Run,
)
from training.queries.retraining import runs_awaiting_gate
from training.versions import files

KEEP_NEWEST = 3


@dataclass(frozen=True)
class Removable:
    """A folder that nothing needs: a version's, or the checkpoints of a run. bytes: what it takes."""

    of: ModelVersion | Run
    folder: Path
    bytes: int

    @property
    def what(self) -> str:
        """A sentence's subject."""
        return f"version {self.of.name}" if isinstance(self.of, ModelVersion) else f"checkpoints of run {self.of.pk}"


def hold(*versions: ModelVersion) -> None:
    """Until the transaction ends nobody removes these versions' files; for rows that are about to name them.

    Whoever removes files locks the version and then looks at those rows: without this lock it could look before they
    are written. Raises VersionDamaged where files are gone already.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM training_modelversion WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
            [[version.pk for version in versions]],
        )
    for version in ModelVersion.objects.filter(pk__in=[version.pk for version in versions]):
        files.check_kept(version)


def needed() -> dict[int, str]:
    """The versions whose files are needed, by id, each with why."""
    why: dict[int, str] = {}
    for deployment in Deployment.objects.filter(is_current=True).select_related("previous"):
        why.setdefault(deployment.version_id, gettext("it serves %(channel)s") % {"channel": deployment.channel})
        if deployment.previous is not None:
            why.setdefault(deployment.previous.version_id, gettext("a roll-back would return to it"))
    for run in Run.objects.filter(status__in=ACTIVE_STATUSES):
        why.setdefault(run.parent_id, gettext("run %(number)s starts from it") % {"number": run.pk})
    for made in ModelVersion.objects.filter(run__in=runs_awaiting_gate()):
        told = gettext("the gate of run %(number)s has not decided about it") % {"number": made.run_id}
        why.setdefault(made.pk, told)
    for lens_job in LensJob.objects.filter(status__in=ACTIVE_STATUSES):
        for version in filter(None, (lens_job.version_id, lens_job.before_id, lens_job.reference_id)):
            why.setdefault(version, gettext("lens job %(number)s uses it") % {"number": lens_job.pk})
    for job in GenerationJob.objects.filter(status__in=ACTIVE_STATUSES):
        writing = [*job.versions.values_list("pk", flat=True), job.reward_version_id]
        for version in filter(None, writing):
            why.setdefault(version, gettext("generation %(number)s uses it") % {"number": job.pk})
    # A version is measured against its parent, and its implicit reward is a ratio of the two.
    for child in ModelVersion.objects.filter(pk__in=list(why), parent__isnull=False):
        assert child.parent_id is not None
        why.setdefault(child.parent_id, gettext("%(name)s was trained from it") % {"name": child.name})
    return why


def why_needed(version: ModelVersion) -> str:
    """Why a version's files must stay, as the end of a sentence; empty if they may go."""
    if not version.adapter_dir:
        return gettext("it is a base model")
    return needed().get(version.pk, "")


def removable(*, keep_newest: int = KEEP_NEWEST) -> list[Removable]:
    """What may go: adapters that nothing needs, but for each campaign's newest, and checkpoints of finished runs."""
    stays = set(needed())
    found: list[Removable] = []
    kept: dict[int, int] = {}
    versions = ModelVersion.objects.filter(files_removed_at__isnull=True).exclude(adapter_dir="")
    for version in versions.select_related("run").order_by("-pk"):
        campaign = version.run.campaign_id if version.run else 0
        kept[campaign] = kept.get(campaign, 0) + 1
        folder = Path(version.adapter_dir)
        if version.pk not in stays and kept[campaign] > keep_newest and is_ours(folder):
            found.append(Removable(version, folder, folder_bytes(folder)))
    return found + _checkpoints()


def _checkpoints() -> list[Removable]:
    """A finished run has its version; its checkpoints (weights and optimizer) are only there to go on from."""
    found = []
    over = Run.objects.filter(status=JobStatus.FINISHED).exclude(directory="").order_by("-pk")
    for run in over:
        folder = Path(run.directory) / "checkpoints"
        if folder.is_dir() and is_ours(folder):
            found.append(Removable(run, folder, folder_bytes(folder)))
    return found


def is_ours(folder: Path) -> bool:
    """Whether a folder lies in var/: nothing else is ever removed."""
    return folder.resolve().is_relative_to(settings.VAR_DIR.resolve())


def folder_bytes(folder: Path) -> int:
    """What its files take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
