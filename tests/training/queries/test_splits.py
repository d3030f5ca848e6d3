"""The split of a table in an export is the one that training will use."""

import pytest

from labeling.exchange import Split
from labeling.queries.splits import split_of
from tests.people import stage
from training.models import Snapshot
from training.queries.splits import group_split, next_split, usual_share


@pytest.mark.django_db
def test_the_split_has_the_seed_of_the_last_snapshot() -> None:
    scene = stage()
    assert split_of(scene.campaign) == next_split(scene.campaign) == Split(0, 0.3)
    Snapshot.objects.create(
        campaign=scene.campaign,
        content_hash="c0ffee",
        directory="nowhere",
        manifest={"split": {"by": "prompt", "seed": 3, "test_share": 0.25}},
        train_pairs=4,
        test_pairs=1,
        created_by=scene.maya,
        created_at=scene.now,
    )
    assert split_of(scene.campaign) == Split(3, 0.25)  # it never grows


def test_a_small_campaign_holds_more_out_and_never_takes_back_what_it_learned_from() -> None:
    shares = [usual_share(pairs) for pairs in (0, 4, 200, 240, 299, 300, 10_000)]
    assert shares == [0.3, 0.3, 0.3, 0.25, 0.21, 0.2, 0.2]
    assert all(pairs * usual_share(pairs) >= 60 for pairs in range(200, 2000))
    assert shares == sorted(shares, reverse=True)


@pytest.mark.django_db
def test_before_the_first_snapshot_of_everybody_those_of_groups_have_fixed_the_split() -> None:
    scene = stage()
    Snapshot.objects.create(
        campaign=scene.campaign,
        content_hash="c0ffee",
        directory="nowhere",
        manifest={"split": {"by": "prompt", "seed": 3, "test_share": 0.25}},
        group_name="Region/North",
        train_pairs=4,
        test_pairs=1,
        created_at=scene.now,
    )
    assert next_split(scene.campaign) == group_split(scene.campaign) == Split(3, 0.25)
