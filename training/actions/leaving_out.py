"""Leaving a person's judgments out of training: the versions that learned from them, and a retraining without them."""

import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from labeling.access import require_lead, require_may_change
from labeling.events.record import record
from labeling.models import Campaign, User
from training.actions.runs import RunSpec, start_run
from training.actions.snapshots import Labels, left_out_of, write_pairs
from training.errors import NothingToLeaveOut
from training.models import LeftOut, ModelVersion, Run, Snapshot
from training.queries.lineage import comparisons_judged_by, with_descendants
from training.queries.serving import serving_version
from training.queries.snapshots import Changes, changes_between
from training.queries.trained_on import trained_on


@dataclass(frozen=True, slots=True)
class Learned:
    """A snapshot of a campaign with comparisons that a person had judged, and the versions that learned from it."""

    snapshot: Snapshot
    comparisons: int
    versions: list[str]


def learned_from(campaign: Campaign, person: User) -> list[Learned]:
    """The campaign's snapshots with comparisons that the person had judged, newest first."""
    counts = comparisons_judged_by(person)
    rows = campaign.snapshots.filter(pk__in=counts).order_by("-pk")
    names = ModelVersion.objects.filter(run__snapshot__in=rows).values_list("run__snapshot", "name")
    direct: dict[int | None, set[str]] = {}
    for snapshot, name in names:
        direct.setdefault(snapshot, set()).add(name)
    return [Learned(row, counts[row.pk], sorted(with_descendants(direct.get(row.pk, set())))) for row in rows]


def newest_of_all(learned: Sequence[Learned]) -> Snapshot | None:
    """The newest of these snapshots with everybody's votes; None: all are those of groups of annotators."""
    return next((one.snapshot for one in learned if not one.snapshot.group_name), None)


def untouched_parent(person: User) -> ModelVersion:
    """The version to retrain from: the serving one, or its nearest ancestor that did not learn from this person.

    Raises NothingServes.
    """
    learned = set(trained_on(person))
    return next(one for one in serving_version().line() if one.name not in learned)


def changes_without(campaign: Campaign, person: User, since: Snapshot) -> Changes:
    """The changes from a snapshot to one of the present labels without this person. Nothing is kept.

    Costs as much as a snapshot. Raises TooFewPairs, SnapshotGone.
    """
    people = {one.pk: one for one in [*left_out_of(campaign), person]}
    folder = settings.VAR_DIR / "snapshots"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".preview-") as place:
        labels = Labels(list(people.values()), new_to=ModelVersion.objects.filter(name=since.new_to).first())
        _manifest, files = write_pairs(campaign, _share_of(since), Path(place), labels=labels, comparisons=array("q"))
        return changes_between(since, Snapshot(campaign=campaign, directory=str(files)))


def retrain_without(*, campaign: Campaign, person: User, acting_user: User | None, now: datetime) -> Run:
    """Leaves a person's judgments out of training from now on, and starts a run from a version without them.

    Raises NothingToLeaveOut, and what `start_run` raises; then nothing changes.
    """
    require_lead(acting_user, campaign)
    learned = learned_from(campaign, person)
    if not learned:
        raise NothingToLeaveOut(_("No snapshot of this campaign holds a pair that this person judged."))
    with transaction.atomic():
        leave_out(campaign=campaign, person=person, acting_user=acting_user, now=now)
        newest = newest_of_all(learned)
        spec = RunSpec(parent=untouched_parent(person), test_share=_share_of(newest) if newest else None)
        return start_run(campaign=campaign, acting_user=acting_user, now=now, spec=spec)


@transaction.atomic
def leave_out(*, campaign: Campaign, person: User, acting_user: User | None, now: datetime) -> LeftOut:
    """Leaves a person's judgments out of the campaign's snapshots from now on. The judgments stay and count."""
    require_may_change(acting_user, campaign)
    row, created = LeftOut.objects.get_or_create(
        campaign=campaign, person=person, defaults={"by": acting_user, "at": now}
    )
    if created:
        _record("training.left_out", campaign, person, acting_user, now)
    return row


@transaction.atomic
def take_in(*, campaign: Campaign, person: User, acting_user: User | None, now: datetime) -> None:
    """Uses a person's judgments in the campaign's snapshots again."""
    require_may_change(acting_user, campaign)
    removed, _rows = LeftOut.objects.filter(campaign=campaign, person=person).delete()
    if removed:
        _record("training.taken_in", campaign, person, acting_user, now)


def _record(verb: str, campaign: Campaign, person: User, acting_user: User | None, now: datetime) -> None:
    record(verb, campaign, acting_user=acting_user, now=now, campaign=campaign, after={"person": person.pseudonym})


def _share_of(snapshot: Snapshot) -> float | None:
    share = snapshot.manifest.get("split", {}).get("test_share")
    return None if share is None else float(share)
