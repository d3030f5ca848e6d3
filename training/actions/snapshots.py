"""Freezing the labels of a campaign: its preference pairs as a folder named by their hash."""

import secrets
import shutil
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from common.storage import artifacts
from labeling.access import require_may_change
from labeling.events.record import record
from labeling.exchange import (
    DropReport,
    EmptySnapshot,
    Manifest,
    PreferencePair,
    Split,
    VerdictRecord,
    count_split,
    preference_pair,
    screen,
    write_snapshot,
)
from labeling.judging.leaving_out import records_of_group, records_without
from labeling.models import AnnotatorGroup, Campaign, Judgment, User, Verdict
from labeling.queries.agreement import has_simulated_annotators
from labeling.queries.groups import people_of
from labeling.queries.verdicts import verdict_records
from training.access import require_no_blind_test
from training.actions.snapshot_index import index_snapshot
from training.errors import TooFewPairs
from training.models import ModelVersion, Snapshot
from training.queries.held_prompts import IsHeld, held_of, simulated_votes_joined
from training.queries.learned_labels import IsLearned, labels_learned_by
from training.queries.splits import group_split, next_split

# With fewer, nothing can be learned, or the result cannot be measured.
MIN_TRAIN_PAIRS = 4
MIN_TEST_PAIRS = 1
# The number of splits tried before a small set is refused.
SPLIT_SEEDS = 50
AT_ONCE = 500


def _nothing() -> None:
    pass


def take_snapshot(
    *,
    campaign: Campaign,
    acting_user: User | None,
    now: datetime,
    test_share: float | None = None,
    group: AnnotatorGroup | None = None,
    new_to: ModelVersion | None = None,
    meanwhile: Callable[[], None] = _nothing,
) -> Snapshot:
    """Writes the campaign's preference pairs to `snapshots/<hash>`; the same labels give the same snapshot.

    test_share: the share of prompts that is held out; None: the usual one (`next_split`). People whom the campaign
    leaves out of training are left out, and so are pairs on prompts that are held for its gates by people. group: only
    the votes of its members settle a pair, and the split is that of all groups. new_to: a version that does not learn
    again what it has learned: the pairs to train on are others, the held-out ones are all of them.
    meanwhile: called every few hundred pairs; whatever it raises ends this. Raises TooFewPairs, ForItsGateOnly,
    CampaignArchived, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    without = left_out_of(campaign)
    labels = Labels(without, None if group is None else _members_but(group, without), new_to)
    # Read before the pairs: a verdict that arrives in between is in the snapshot and still counts as fresh; none is
    # missed.
    last = Verdict.objects.filter(campaign=campaign).aggregate(at=Max("settled_at"))["at"]
    comparisons, folder = array("q"), settings.VAR_DIR / "snapshots"
    manifest, building = write_pairs(
        campaign, test_share, folder, labels=labels, comparisons=comparisons, meanwhile=meanwhile
    )
    directory = _publish(building, folder / manifest.sha256)
    artifacts.publish(directory)
    with transaction.atomic():
        snapshot, created = Snapshot.objects.get_or_create(
            campaign=campaign,
            content_hash=manifest.sha256,
            group_name="" if group is None else str(group),
            defaults={
                "group": group,
                "directory": str(directory),
                "manifest": manifest.as_dict(),
                "train_pairs": manifest.train.pairs,
                "test_pairs": manifest.test.pairs,
                "last_verdict_at": last,
                "simulated": has_simulated_annotators(campaign) or simulated_votes_joined(campaign),
                "created_by": acting_user,
                "created_at": now,
            },
        )
        if group is not None and snapshot.group_id != group.pk:  # a group of this name was declared again
            snapshot.group = group
            snapshot.save(update_fields=["group"])
        if created:
            after = {"train": manifest.train.pairs, "test": manifest.test.pairs, "dropped": manifest.dropped}
            after |= {"group": str(group)} if group else {}
            record("snapshot.taken", snapshot, acting_user=acting_user, now=now, campaign=campaign, after=after)
        elif snapshot.last_verdict_at != last:  # new verdicts that yield no pair: they are no longer fresh
            snapshot.last_verdict_at = last
            snapshot.save(update_fields=["last_verdict_at"])
        index_snapshot(snapshot, comparisons, read_until=timezone.now(), left_out=labels.left_out(campaign))
    return snapshot


def expected_pairs(campaign: Campaign) -> tuple[int, int]:
    """The pairs to train on and the held-out ones of a snapshot that would be taken now; 0, 0: it would be refused.

    It reads every pair: for campaigns with few.
    """
    pairs = list(_pairs(campaign, DropReport(), Labels(left_out_of(campaign)), array("q"), tokens=False))
    counts = (count_split(pairs, split) for split in _splits(campaign, None))
    return next((one for one in counts if _is_enough(*one)), (0, 0))


def _splits(campaign: Campaign, test_share: float | None) -> Iterator[Split]:
    """The splits to try, the campaign's own first. test_share: None: that of the campaign's own."""
    own = next_split(campaign)
    share = own.test_share if test_share is None else test_share
    return (Split(seed=seed, test_share=share) for seed in range(own.seed, own.seed + SPLIT_SEEDS))


def _is_enough(train: int, test: int) -> bool:
    return train >= MIN_TRAIN_PAIRS and test >= MIN_TEST_PAIRS


def left_out_of(campaign: Campaign) -> list[User]:
    """The people whose judgments the campaign leaves out of training."""
    return [row.person for row in campaign.left_out.select_related("person").order_by("pk")]


@dataclass(frozen=True, slots=True)
class Labels:
    """Whose votes make the labels. without: people who are left out. only: a group's members; None: everybody else.

    new_to: a version that does not learn again what it has learned; None: everything is learned from.
    """

    without: Sequence[User]
    only: Sequence[User] | None = None
    new_to: ModelVersion | None = None

    def left_out(self, campaign: Campaign) -> list[User]:
        """Everybody who has judged in the campaign and does not count."""
        if self.only is None:
            return list(self.without)
        judged = Judgment.objects.filter(campaign=campaign).order_by().values("annotator")
        return list(User.objects.filter(pk__in=judged).exclude(pk__in=[one.pk for one in self.only]).order_by("pk"))


def _members_but(group: AnnotatorGroup, without: Sequence[User]) -> list[User]:
    return list(people_of(group).exclude(pk__in=[one.pk for one in without]))


def write_pairs(
    campaign: Campaign,
    test_share: float | None,
    folder: Path,
    *,
    labels: Labels,
    comparisons: "array[int]",
    meanwhile: Callable[[], None] = _nothing,
) -> tuple[Manifest, Path]:
    """Writes a snapshot's files below `folder`, in a folder that the caller renames or removes.

    The split is the first one with enough pairs on both sides. comparisons: gets the ids of those with a pair.
    Raises TooFewPairs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = Sentence(_("none at all"))
    # Groups hold the same prompts out: each one's version is measured on the others' pairs too.
    splits: Iterable[Split] = _splits(campaign, test_share) if labels.only is None else [group_split(campaign)]
    is_learned = labels_learned_by(labels.new_to, campaign) if labels.new_to else None
    if is_learned is not None:  # another one would hold out prompts that the version has learned from
        splits = islice(splits, 1)
    for split in splits:
        building = folder / f".building-{secrets.token_hex(6)}"
        try:
            del comparisons[:]
            meta: dict[str, Any] = {"campaign": campaign.slug}
            is_left_out = _learned_on(split, is_learned) if is_learned else None
            if labels.new_to is not None and is_left_out:
                meta |= {"new_to": labels.new_to.name, "learned_before": 0}
            pairs = _pairs(campaign, report := DropReport(), labels, comparisons, is_left_out=is_left_out, meta=meta)
            manifest = write_snapshot(building, _with_calls(pairs, meanwhile), split=split, meta=meta, report=report)
        except EmptySnapshot:
            continue
        except Exception:
            shutil.rmtree(building, ignore_errors=True)
            raise
        if _is_enough(manifest.train.pairs, manifest.test.pairs):
            return manifest, building
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


def _pairs(
    campaign: Campaign,
    report: DropReport,
    labels: Labels,
    comparisons: "array[int]",
    *,
    tokens: bool = True,
    is_left_out: IsLearned | None = None,
    meta: dict[str, Any] | None = None,
) -> Iterator[PreferencePair]:
    """meta: gets the number of comparisons left out because their prompts are held for gates, and of those that were
    learned before."""
    meta = {} if meta is None else meta
    records = verdict_records(campaign, tokens=tokens, include="verdicts" if labels.only is None else "judged")
    if is_held := held_of(campaign):
        records = _without_held(records, is_held, meta)
    if is_left_out is not None:
        records = _without_learned(records, is_left_out, meta)
    if labels.only is not None:
        records = records_of_group(campaign, records, labels.only)
    elif labels.without:
        records = records_without(campaign, records, labels.without)
    for one in screen(records, report):
        if one.comparison is not None:
            comparisons.append(one.comparison)
        yield preference_pair(one)


def _with_calls(pairs: Iterator[PreferencePair], meanwhile: Callable[[], None]) -> Iterator[PreferencePair]:
    for number, pair in enumerate(pairs):
        if number % AT_ONCE == 0:
            meanwhile()
        yield pair


def _without_held(records: Iterator[VerdictRecord], is_held: IsHeld, meta: dict[str, Any]) -> Iterator[VerdictRecord]:
    for record_ in records:
        if record_.prompt and is_held(record_.prompt):
            meta["held_for_gates"] = meta.get("held_for_gates", 0) + 1
        else:
            yield record_


def _learned_on(split: Split, is_learned: IsLearned) -> IsLearned:
    """Whether a verdict was learned and would be again: it is not held out now."""

    def is_left_out(one: VerdictRecord) -> bool:
        return is_learned(one) and not split.holds_out(one.prompt)

    return is_left_out


def _without_learned(
    records: Iterator[VerdictRecord], is_left_out: IsLearned, meta: dict[str, Any]
) -> Iterator[VerdictRecord]:
    for one in records:
        if is_left_out(one):
            meta["learned_before"] += one.winner in ("a", "b")
        else:
            yield one


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
