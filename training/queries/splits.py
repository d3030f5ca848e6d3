"""How the prompts of a campaign are split into those to train on and those held out."""

from labeling.exchange import Split
from labeling.models import Campaign
from labeling.queries.verdicts import count_pairs
from training.models import Snapshot
from training.queries.loop import loop_snapshots

ENOUGH_HELD_OUT = 60
"""Held-out pairs that a small campaign aims at: they tell a good first version from chance (models/held_out.py)."""
USUAL_SHARE, LARGEST_SHARE = 0.2, 0.3


def next_split(campaign: Campaign) -> Split:
    """The split of the next snapshot, as far as it is known before its pairs are.

    A small campaign holds more out, so that its figures can say something. The seed stays that of the last snapshot and
    the share never grows: a prompt that was learned from is never held out later. A first snapshot of few prompts may
    need another seed.
    """
    pairs = count_pairs(campaign)
    # Before the loop's first snapshot, those of groups have fixed which prompts are held out.
    last = loop_snapshots(campaign).order_by("-pk").first() or _newest(campaign)
    if last is None:
        return Split(test_share=usual_share(pairs))
    before = split_in(last)
    return Split(seed=before.seed, test_share=min(usual_share(pairs), before.test_share))


def group_split(campaign: Campaign) -> Split:
    """The split of a group's next snapshot: that of the campaign's newest one, whosever votes it holds.

    So what one group's version is measured on, no other group's version learns from, nor the one that all share.
    """
    newest = _newest(campaign)
    return next_split(campaign) if newest is None else split_in(newest)


def split_in(snapshot: Snapshot) -> Split:
    """The split that a snapshot was written with."""
    split = snapshot.manifest["split"]
    return Split(seed=int(split["seed"]), test_share=float(split["test_share"]))


def _newest(campaign: Campaign) -> Snapshot | None:
    return Snapshot.objects.filter(campaign=campaign).order_by("-pk").first()


def usual_share(pairs: int) -> float:
    """The share of the prompts that holds out about ENOUGH_HELD_OUT of so many pairs, in whole percent."""
    wanted = -(-100 * ENOUGH_HELD_OUT // max(1, pairs)) / 100
    return min(LARGEST_SHARE, max(USUAL_SHARE, wanted))
