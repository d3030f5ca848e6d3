"""Lists of comparisons, judgments and events through the API."""

from labeling.models import Comparison
from tests.clients import Calling
from tests.people import stage


def test_long_lists_come_in_pages_newest_first_and_whole(calling: Calling) -> None:
    scene = stage(comparisons=7)
    maya = calling(scene.maya)
    seen, address = [], "/api/v1/campaigns/sums/comparisons/?page_size=3"
    while address:
        page = maya.get(address).json()
        seen += [one["id"] for one in page["results"]]
        address = page["next"]
    assert seen == list(Comparison.objects.order_by("-pk").values_list("pk", flat=True))
