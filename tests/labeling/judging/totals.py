"""The running totals of a campaign against its rows."""

from labeling.tally import count_tally, read_tally
from tests.people import Stage


def totals_are_right(scene: Stage) -> bool:
    """Whether the running totals equal what is counted from the comparisons."""
    return read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
