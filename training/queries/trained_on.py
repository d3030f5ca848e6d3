"""The model versions trained on a person's judgments, found by content in the files of snapshots."""

from pathlib import Path

from labeling.exchange import TEST, TRAIN, pair_id, read_pairs
from labeling.models import Comparison, Judgment, User
from training.models import ModelVersion, Snapshot


def trained_on(person: User) -> list[str]:
    """Names of the versions whose snapshot, or that of an ancestor, holds a pair that this person judged.

    A snapshot whose files are gone counts if it was taken after the person's first judgment in its campaign.
    """
    names: set[str] = set()
    campaigns = Judgment.objects.filter(annotator=person).order_by().values_list("campaign", flat=True).distinct()
    for snapshot in Snapshot.objects.filter(campaign__in=list(campaigns), runs__version__isnull=False).distinct():
        if _holds(snapshot, person):
            names |= set(ModelVersion.objects.filter(run__snapshot=snapshot).values_list("name", flat=True))
    return sorted(_with_descendants(names))


def _holds(snapshot: Snapshot, person: User) -> bool:
    judgments = Judgment.objects.filter(
        annotator=person, campaign=snapshot.campaign_id, created_at__lte=snapshot.created_at
    ).exclude(choice="skip")
    folder = Path(snapshot.directory)
    if not (folder / TRAIN).exists():
        return judgments.exists()
    judged = Comparison.objects.filter(pk__in=judgments.order_by().values("comparison"))
    identities: set[str] = set()
    for one in judged.select_related("prompt", "completion_a", "completion_b").iterator(chunk_size=500):
        a, b = one.completion_a.text, one.completion_b.text
        identities |= {pair_id(one.prompt.messages, a, b), pair_id(one.prompt.messages, b, a)}
    files = [name for name in (TRAIN, TEST) if (folder / name).exists()]
    return any(pair.id in identities for name in files for pair in read_pairs(folder, name))


def _with_descendants(names: set[str]) -> set[str]:
    """The versions and all that were trained from them: these learned from the same judgments."""
    family, fresh = set(names), set(names)
    while fresh:
        fresh = set(ModelVersion.objects.filter(parent__name__in=fresh).values_list("name", flat=True)) - family
        family |= fresh
    return family
