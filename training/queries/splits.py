"""How the prompts of a campaign are split into those to train on and those held out."""

from labeling.exchange import Split
from labeling.models import Campaign
from labeling.queries.verdicts import count_pairs
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
    last = loop_snapshots(campaign).order_by("-pk").first()
    if last is None:
        return Split(test_share=usual_share(pairs))
    split = last.manifest["split"]
    return Split(seed=int(split["seed"]), test_share=min(usual_share(pairs), float(split["test_share"])))


def usual_share(pairs: int) -> float:
    """The share of the prompts that holds out about ENOUGH_HELD_OUT of so many pairs, in whole percent."""
    wanted = -(-100 * ENOUGH_HELD_OUT // max(1, pairs)) / 100
    return min(LARGEST_SHARE, max(USUAL_SHARE, wanted))
