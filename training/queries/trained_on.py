"""The model versions trained on a person's judgments, found by the indexes of snapshots."""

from django.db.models import Min

from labeling.models import Judgment, User
from training.models import ModelVersion, Snapshot
from training.queries.lineage import added_at, comparisons_judged_by, with_descendants


def trained_on(person: User) -> list[str]:
    """Names of the versions whose snapshot, or that of an ancestor, holds a comparison that this person judged.

    A snapshot without an index counts if it was taken after the first judgment of the person was added to its campaign.
    """
    snapshots = set(comparisons_judged_by(person))
    judged = Judgment.objects.filter(annotator=person).exclude(choice="skip")
    since = dict(judged.order_by().values_list("campaign").annotate(first=Min(added_at)))
    unindexed = Snapshot.objects.filter(basis__isnull=True, campaign__in=since)
    taken = unindexed.values_list("pk", "campaign", "created_at")
    snapshots |= {key for key, campaign, at in taken if at >= since[campaign]}
    names = ModelVersion.objects.filter(run__snapshot__in=snapshots).values_list("name", flat=True)
    return sorted(with_descendants(set(names)))
