"""The pages of snapshots."""

import io
import zipfile
from pathlib import Path

import pytest

from labeling.actions.campaign_imports import import_campaign
from labeling.actions.exports import open_export
from labeling.models import Judgment
from tests.clients import Visiting
from tests.people import Stage, stage
from tests.training.selection import serving_base
from training.actions.snapshots import take_snapshot
from training.management.commands.snapshot import snapshot_named
from training.models import Snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(var_dir: Path) -> Stage:
    scene = stage(comparisons=40)
    scene.settle("ab" * 12)
    return scene


def taken(scene: Stage) -> Snapshot:
    return take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)


def test_a_lead_finds_a_snapshot_its_pairs_and_their_comparisons(scene: Stage, visiting: Visiting) -> None:
    snapshot, maya = taken(scene), visiting(scene.maya)
    assert f"/snapshots/{snapshot.pk}/" in maya.get("/campaigns/sums/snapshots/").content.decode()
    page = maya.get(f"/snapshots/{snapshot.pk}/?check").content.decode()
    assert "every byte is as it was hashed" in page
    assert snapshot.content_hash in page
    assert "/campaigns/sums/comparisons/" in page
    assert visiting(scene.alice).get(f"/snapshots/{snapshot.pk}/").status_code == 404


def test_a_damaged_one_says_so_and_is_not_handed_out(scene: Stage, visiting: Visiting) -> None:
    snapshot, maya = taken(scene), visiting(scene.maya)
    (Path(snapshot.directory) / "test.jsonl").write_text("{}\n")
    page = maya.get(f"/snapshots/{snapshot.pk}/?check").content.decode()
    assert "test.jsonl is not the file" in page
    answer = maya.get(f"/snapshots/{snapshot.pk}/download/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/snapshots/{snapshot.pk}/"
    assert "test.jsonl is not the file" in answer.content.decode()
    assert maya.get(f"/api/v1/snapshots/{snapshot.content_hash}/download/").status_code == 409


def test_it_is_downloaded_whole(scene: Stage, visiting: Visiting) -> None:
    snapshot = taken(scene)
    answer = visiting(scene.maya).get(f"/snapshots/{snapshot.pk}/download/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    folder = f"sums-{snapshot.content_hash[:12]}"
    assert sorted(archive.namelist()) == [f"{folder}/{name}" for name in ("manifest.json", "test.jsonl", "train.jsonl")]
    assert archive.read(f"{folder}/train.jsonl") == (Path(snapshot.directory) / "train.jsonl").read_bytes()


def test_what_changed_is_said_in_words_and_rows(scene: Stage, visiting: Visiting) -> None:
    before = taken(scene)
    scene.settle("aaa")
    after = taken(scene)
    page = visiting(scene.maya).get(f"/snapshots/{after.pk}/changes/?since={before.pk}").content.decode()
    assert "3 pairs were added" in page
    assert "24 pairs are the same" in page
    again = visiting(scene.maya).get(f"/snapshots/{before.pk}/changes/").content.decode()
    assert "Nothing: both hold the same pairs." in again


def test_the_api_says_the_same(scene: Stage, visiting: Visiting) -> None:
    before = taken(scene)
    scene.settle("aaa")
    after, maya = taken(scene), visiting(scene.maya)
    listed = maya.get("/api/v1/snapshots/?campaign=sums").json()["results"]
    assert [one["content_hash"] for one in listed] == [after.content_hash, before.content_hash]
    name = after.content_hash[:12]
    assert maya.get(f"/api/v1/snapshots/{name}/").json()["train_pairs"] == after.train_pairs
    changes = maya.get(f"/api/v1/snapshots/{name}/changes/?since={before.content_hash}").json()
    assert (changes["added"], changes["same"]) == (3, 24)
    assert maya.get(f"/api/v1/snapshots/{name}/download/").status_code == 200
    assert maya.get("/api/v1/snapshots/1234567/").status_code == 404


def test_two_campaigns_with_the_same_labels_have_a_snapshot_each(scene: Stage, visiting: Visiting) -> None:
    taken(scene)
    scene.settle("aaa")
    here = taken(scene)
    data = b"".join(open_export(scene.campaign, "full").pieces)
    copy = import_campaign(stream=io.BytesIO(data), name="Copy", acting_user=scene.maya, now=scene.now).campaign
    there = take_snapshot(campaign=copy, acting_user=scene.maya, now=scene.now)
    assert here.content_hash == there.content_hash
    maya, address = visiting(scene.maya), f"/api/v1/snapshots/{here.content_hash[:12]}/"
    for campaign in (scene.campaign, copy):
        assert maya.get(f"{address}?campaign={campaign.slug}").json()["campaign"] == campaign.slug
        judgments = maya.get(f"{address}judgments/?campaign={campaign.slug}").json()["results"]
        assert {Judgment.objects.get(pk=one["id"]).campaign_id for one in judgments} == {campaign.pk}
        assert snapshot_named(here.content_hash, campaign.slug).campaign_id == campaign.pk
    assert maya.get(f"{address}changes/?campaign=sums").json()["added"] == 3
    assert maya.get(f"{address}changes/?campaign={copy.slug}").json()["added"] == 0  # its first one
    serving_base()
    for campaign in (scene.campaign, copy):
        search = maya.post(f"{address}blame/?campaign={campaign.slug}", {}, content_type="application/json")
        assert (search.status_code, search.json()["campaign"]) == (201, campaign.slug)
    assert maya.get(address).json()["campaign"] == copy.slug
    assert maya.get(f"{address}?campaign=other").status_code == 404
