"""The loop of a campaign: snapshots of everybody's votes, and the runs and versions that came of them.

The snapshot of a group of annotators, its run and its version stand beside the loop: nothing starts from them, waits
for them or is promoted because of them.
"""

from django.db.models import Q, QuerySet

from labeling.models import Campaign
from training.models import ModelVersion, Run, Snapshot


def loop_snapshots(campaign: Campaign) -> QuerySet[Snapshot]:
    """The campaign's snapshots of everybody's votes."""
    return Snapshot.objects.filter(campaign=campaign, group_name="")


def whole_snapshots(campaign: Campaign) -> QuerySet[Snapshot]:
    """Of these, those that left out no label because a version had learned it before."""
    none_before = Q(manifest__meta__learned_before__isnull=True) | Q(manifest__meta__learned_before=0)
    return loop_snapshots(campaign).filter(none_before)


def loop_runs(campaign: Campaign) -> QuerySet[Run]:
    """The campaign's runs on everybody's votes."""
    return Run.objects.filter(campaign=campaign, snapshot__group_name="")


def loop_versions(campaign: Campaign | None = None) -> QuerySet[ModelVersion]:
    """The versions that a campaign trained on everybody's votes; None: those of all campaigns."""
    versions = ModelVersion.objects.filter(run__snapshot__group_name="")
    return versions if campaign is None else versions.filter(run__campaign=campaign)
