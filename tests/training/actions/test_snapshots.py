"""Freezing labels."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from common.errors import NotAllowed
from labeling.access import CampaignArchived
from labeling.models import Campaign, User
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs, judge_all
from training.actions.snapshots import expected_pairs, take_snapshot
from training.claims import Stopped
from training.errors import TooFewPairs
from training.models import Snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("var_dir")]


def pairs(snapshot: Snapshot, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (Path(snapshot.directory) / name).read_text().splitlines()]


def test_judged_comparisons_become_pairs_split_by_prompt(campaign: Campaign, alice: User, maya: User) -> None:
    add_written_pairs(campaign, per_prompt=2)
    judge_all(campaign, alice)

    snapshot = take_snapshot(campaign=campaign, acting_user=maya, now=NOW)

    train, test = pairs(snapshot, "train.jsonl"), pairs(snapshot, "test.jsonl")
    assert (len(train), len(test)) == (snapshot.train_pairs, snapshot.test_pairs)
    assert len(train) + len(test) == 2 * len(QUESTIONS)
    assert not {str(pair["prompt"]) for pair in train} & {str(pair["prompt"]) for pair in test}
    assert all(len(str(pair["chosen"])) < len(str(pair["rejected"])) for pair in train + test)
    assert Path(snapshot.directory).name == snapshot.content_hash
    assert snapshot.last_verdict_at == NOW


def test_the_same_labels_give_the_same_snapshot_and_more_labels_another(campaign: Campaign, alice: User) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice, limit=10)

    first = take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    again = take_snapshot(campaign=campaign, acting_user=None, now=NOW + timedelta(days=1))
    judge_all(campaign, alice)
    later = take_snapshot(campaign=campaign, acting_user=None, now=NOW + timedelta(days=2))

    assert again == first
    assert later.content_hash != first.content_hash
    assert {str(pair["prompt"]) for pair in pairs(first, "test.jsonl")} <= {
        str(pair["prompt"]) for pair in pairs(later, "test.jsonl")
    }  # no prompt changes sides while the campaign grows
    folders = sorted(path.name for path in Path(first.directory).parent.iterdir())
    assert folders == sorted([first.content_hash, later.content_hash])  # and nothing half-made is left


def test_an_archived_campaign_is_not_frozen_again(campaign: Campaign, maya: User) -> None:
    Campaign.objects.update(status=Campaign.Status.ARCHIVED)
    with pytest.raises(CampaignArchived):
        take_snapshot(campaign=campaign, acting_user=maya, now=NOW)


def test_what_yields_no_pair_is_counted(campaign: Campaign) -> None:
    add_written_pairs(campaign, preference="first")
    comparison = campaign.comparisons.first()
    assert comparison is not None
    comparison.verdict.winner = "tie"
    comparison.verdict.save()

    snapshot = take_snapshot(campaign=campaign, acting_user=None, now=NOW)

    assert snapshot.manifest["dropped"]["tie"] == 1
    assert snapshot.train_pairs + snapshot.test_pairs == len(QUESTIONS) - 1


@pytest.mark.parametrize("judged", [0, 1, 4])
def test_too_few_pairs_are_refused_with_what_to_do(campaign: Campaign, alice: User, var_dir: Path, judged: int) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice, limit=judged)

    with pytest.raises(TooFewPairs, match="Judge more comparisons"):
        take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    assert not Snapshot.objects.exists()
    assert list((var_dir / "snapshots").iterdir()) == []


def test_a_handful_is_split_so_that_both_sides_have_some(campaign: Campaign, alice: User) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice, limit=6)

    snapshot = take_snapshot(campaign=campaign, acting_user=None, now=NOW)

    assert snapshot.train_pairs >= 4
    assert snapshot.test_pairs >= 1


def test_annotators_take_no_snapshots(campaign: Campaign, alice: User) -> None:
    with pytest.raises(NotAllowed):
        take_snapshot(campaign=campaign, acting_user=alice, now=NOW)


def test_the_expected_pairs_are_those_of_the_snapshot(campaign: Campaign, alice: User, maya: User) -> None:
    assert expected_pairs(campaign) == (0, 0)
    add_written_pairs(campaign, per_prompt=2)
    for limit in (6, None):
        judge_all(campaign, alice, limit=limit)
        snapshot = take_snapshot(campaign=campaign, acting_user=maya, now=NOW)
        assert expected_pairs(campaign) == (snapshot.train_pairs, snapshot.test_pairs)


def test_freezing_tells_that_it_goes_on_and_leaves_nothing_where_it_is_stopped(
    campaign: Campaign, alice: User, var_dir: Path
) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice, limit=10)

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        take_snapshot(campaign=campaign, acting_user=None, now=NOW, meanwhile=stop)
    assert list((var_dir / "snapshots").iterdir()) == []
