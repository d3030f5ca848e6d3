"""How the prompts of a campaign are split into those to train on and those held out."""

from labeling.exchange import Split
from labeling.models import Campaign
from training.models import Snapshot


def next_split(campaign: Campaign) -> Split:
    """The split of the next snapshot with the usual share, as far as it is known before its pairs are.

    It keeps the seed of the last snapshot, so that no prompt changes sides while the campaign grows. A first snapshot
    of few prompts may need another seed.
    """
    last = Snapshot.objects.filter(campaign=campaign).order_by("-pk").first()
    return Split(seed=int(last.manifest["split"]["seed"])) if last else Split()
