"""Freezing the labels of a campaign: its preference pairs as a folder named by their hash."""

import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from labeling.access import require_lead
from labeling.events.record import record
from labeling.exchange import (
    DropReport,
    EmptySnapshot,
    Manifest,
    Split,
    count_split,
    preference_pairs,
    write_snapshot,
)
from labeling.models import Campaign, User, Verdict
from labeling.queries.agreement import has_simulated_annotators
from labeling.queries.verdicts import verdict_records
from training.errors import TooFewPairs
from training.models import Snapshot
from training.queries.splits import next_split

DEFAULT_TEST_SHARE = Split().test_share
# With fewer, nothing can be learned, or the result cannot be measured.
MIN_TRAIN_PAIRS = 4
MIN_TEST_PAIRS = 1
# The number of splits tried before a small set is refused.
SPLIT_SEEDS = 50


def take_snapshot(
    *, campaign: Campaign, acting_user: User | None, now: datetime, test_share: float = DEFAULT_TEST_SHARE
) -> Snapshot:
    """Writes the campaign's preference pairs to `snapshots/<hash>`; the same labels give the same snapshot.

    test_share: the share of prompts that is held out. A prompt stays on its side in later snapshots.
    Raises TooFewPairs, NotAllowed, NotFound.
    """
    require_lead(acting_user, campaign)
    # Read before the pairs: a verdict that arrives in between is in the snapshot and still counts as fresh; none is
    # missed.
    last = Verdict.objects.filter(campaign=campaign).aggregate(at=Max("settled_at"))["at"]
    manifest, directory = _write(campaign, test_share)
    with transaction.atomic():
        snapshot, created = Snapshot.objects.get_or_create(
            campaign=campaign,
            content_hash=manifest.sha256,
            defaults={
                "directory": str(directory),
                "manifest": manifest.as_dict(),
                "train_pairs": manifest.train.pairs,
                "test_pairs": manifest.test.pairs,
                "last_verdict_at": last,
                "simulated": has_simulated_annotators(campaign),
                "created_by": acting_user,
                "created_at": now,
            },
        )
        if created:
            record(
                "snapshot.taken",
                snapshot,
                acting_user=acting_user,
                now=now,
                campaign=campaign,
                after={"train": manifest.train.pairs, "test": manifest.test.pairs, "dropped": manifest.dropped},
            )
        elif snapshot.last_verdict_at != last:  # new verdicts that yield no pair: they are no longer fresh
            snapshot.last_verdict_at = last
            snapshot.save(update_fields=["last_verdict_at"])
    return snapshot


def expected_pairs(campaign: Campaign, test_share: float = DEFAULT_TEST_SHARE) -> tuple[int, int]:
    """The pairs to train on and the held-out ones of a snapshot that would be taken now; 0, 0: it would be refused.

    It reads every pair: for campaigns with few.
    """
    pairs = list(preference_pairs(verdict_records(campaign, tokens=False), DropReport()))
    counts = (count_split(pairs, split) for split in _splits(campaign, test_share))
    return next((one for one in counts if _is_enough(*one)), (0, 0))


def _splits(campaign: Campaign, test_share: float) -> Iterator[Split]:
    """The splits to try, the campaign's own first."""
    first = next_split(campaign).seed
    return (Split(seed=seed, test_share=test_share) for seed in range(first, first + SPLIT_SEEDS))


def _is_enough(train: int, test: int) -> bool:
    return train >= MIN_TRAIN_PAIRS and test >= MIN_TEST_PAIRS


def _write(campaign: Campaign, test_share: float) -> tuple[Manifest, Path]:
    """The manifest and the folder of the first split with enough pairs on both sides. Raises TooFewPairs."""
    folder = settings.VAR_DIR / "snapshots"
    folder.mkdir(parents=True, exist_ok=True)
    counts = Sentence(_("none at all"))
    for split in _splits(campaign, test_share):
        building = folder / f".building-{secrets.token_hex(6)}"
        try:
            manifest = _write_split(building, campaign, split)
        except EmptySnapshot:
            continue
        if _is_enough(manifest.train.pairs, manifest.test.pairs):
            return manifest, _publish(building, folder / manifest.sha256)
        shutil.rmtree(building)
        numbers = {"pairs": manifest.train.pairs + manifest.test.pairs, "prompts": _prompts(manifest)}
        counts = Sentence(_("%(pairs)s on %(prompts)s prompts"), numbers)
        if manifest.train.pairs + manifest.test.pairs < MIN_TRAIN_PAIRS + MIN_TEST_PAIRS or _prompts(manifest) < 2:
            break  # no split will help
    raise TooFewPairs(
        Sentence(
            _(
                "A run needs at least %(train)s preference pairs to train on and %(test)s held out, on "
                "different prompts; there are %(counts)s. Judge more comparisons: ties and skips yield no pair."
            ),
            {"train": MIN_TRAIN_PAIRS, "test": MIN_TEST_PAIRS, "counts": counts},
        )
    )


def _write_split(folder: Path, campaign: Campaign, split: Split) -> Manifest:
    report = DropReport()
    pairs = preference_pairs(verdict_records(campaign), report)
    return write_snapshot(folder, pairs, split=split, meta={"campaign": campaign.slug}, report=report)


def _publish(building: Path, target: Path) -> Path:
    try:
        building.rename(target)
    except OSError:
        if not (target / "manifest.json").exists():
            raise
        shutil.rmtree(building)  # the same labels have been frozen before
    return target


def _prompts(manifest: Manifest) -> int:
    return manifest.train.prompts + manifest.test.prompts
