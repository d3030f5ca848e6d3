"""Running totals: what each comparison adds, and sums over random shards."""

import pytest

from labeling.models import CampaignTally, Comparison
from labeling.tally import Tally, add_to_tally, count_tally, read_tally, tally_of
from tests.people import stage

Status = Comparison.Status


@pytest.mark.parametrize(
    ("status", "judged", "expected"),
    [
        (Status.OPEN, 1, Tally(comparisons=1, wanted=3, judgments=1)),
        (Status.SETTLED, 2, Tally(1, 2, 2, settled=1, finished=1, finished_judgments=2)),
        (Status.CONFLICT, 3, Tally(1, 3, 3, conflicts=1, finished=1, finished_judgments=3)),
        (Status.SETTLED, 0, Tally(1, 0, 0, settled=1)),  # an imported verdict
        (Status.FLAGGED, 2, Tally()),
        (Status.RETIRED, 2, Tally()),
        (Status.GOLD, 2, Tally()),
    ],
)
def test_a_comparison_adds_what_its_status_says(status: str, judged: int, expected: Tally) -> None:
    assert tally_of(Comparison(status=status, judged=judged, overlap=3)) == expected


@pytest.mark.django_db
def test_totals_are_sums_over_shards_and_equal_the_count() -> None:
    scene = stage(comparisons=5, overlap=2)
    for user in (scene.alice, scene.bob):
        while given := scene.next(user):
            scene.vote(given, "a")
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert read_tally(scene.campaign.pk) == Tally(5, 10, 10, settled=5, finished=5, finished_judgments=10, prompts=5)


@pytest.mark.django_db
def test_a_change_of_nothing_writes_nothing_and_one_may_be_negative() -> None:
    scene = stage()
    add_to_tally(scene.campaign.pk, Tally())
    assert not CampaignTally.objects.filter(campaign=scene.campaign).exists()
    for _ in range(20):
        add_to_tally(scene.campaign.pk, Tally(judgments=2))
        add_to_tally(scene.campaign.pk, Tally(judgments=-1))
    assert read_tally(scene.campaign.pk) == Tally(judgments=20)
    assert CampaignTally.objects.filter(campaign=scene.campaign).count() > 1
