"""The page of what learned from an annotator; the lineage of comparisons by page, API and command alike."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Judgment
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import NOON, Stage, stage
from training.actions.snapshots import take_snapshot
from training.models import BlameJob, LeftOut, ModelVersion, Run, Snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(var_dir: Path) -> Stage:
    """Alice judged twenty pairs, Bob four; a version learned from them."""
    scene = stage(comparisons=40)
    scene.settle("ab" * 10)
    for _ in range(4):
        scene.vote(scene.given(scene.bob), "a")
    made = furnish(scene)
    snapshot = take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)
    Run.objects.filter(version=made.one).update(snapshot=snapshot)
    Run.objects.update(status="finished")
    return scene


def test_a_lead_sees_the_difference_retrains_with_one_click_and_takes_it_back(scene: Stage, visiting: Visiting) -> None:
    maya, path = visiting(scene.maya), f"/campaigns/sums/people/{scene.bob.pseudonym}/training/"
    assert path in maya.get("/campaigns/sums/people/bob/").content.decode()
    page = maya.get(path).content.decode()
    assert "4 pairs are no longer in it" in page
    assert "20 pairs are the same" in page
    assert "/versions/sums-v1/" in page
    page = maya.post(f"{path}change/", {"do": "retrain"}, follow=True).content.decode()
    assert "has been queued" in page
    assert "Left out since" in page
    page = maya.post(f"{path}change/", {"do": "use"}, follow=True).content.decode()
    assert "uses these judgments again" in page
    assert "Left out since" not in page
    assert visiting(scene.alice).get(path).status_code == 403


def retrained(row: LeftOut, **metrics: float) -> ModelVersion:
    """The run since then has ended with a version of these figures."""
    run = Run.objects.filter(created_at__gte=row.at).latest("pk")
    Run.objects.filter(pk=run.pk).update(status="finished")
    for snapshot in Snapshot.objects.all():  # as if each held-out pair were on a prompt of its own
        snapshot.manifest["files"] = {"test.jsonl": {"prompts": 400}}
        snapshot.save(update_fields=["manifest"])
    version = ModelVersion.objects.get(name="sums-v1")
    version.pk, version.name, version.run, version.metrics, version._state.adding = None, "without", run, metrics, True
    version.save()
    return version


@pytest.mark.parametrize(
    ("accuracy", "sentence"),
    [(0.88, "Better without them"), (0.8, "No difference is shown"), (0.6, "Worse without them")],
)
def test_the_run_without_an_annotator_stands_beside_the_one_that_learned_from_them(
    scene: Stage, visiting: Visiting, accuracy: float, sentence: str
) -> None:
    maya, path = visiting(scene.maya), f"/campaigns/sums/people/{scene.bob.pseudonym}/training/"
    assert "With and without them" not in maya.get(path).content.decode()
    maya.post(f"{path}change/", {"do": "retrain"})
    assert "is not finished yet" in maya.get(path).content.decode()
    known = ModelVersion.objects.get(name="sums-v1")
    assert known.run is not None
    ModelVersion.objects.filter(pk=known.pk).update(metrics={"reward_accuracy": 0.75, "pairs": 400})
    BlameJob.objects.create(
        snapshot=known.run.snapshot,
        version=known,
        campaign=scene.campaign,
        query={"prompt": [{"role": "user", "content": "Why so rude?"}]},
        created_at=NOON,
        enqueued_at=NOON,
    )
    version = retrained(LeftOut.objects.get(), reward_accuracy=accuracy, pairs=400)
    assert version.run is not None
    later = Run.objects.get(pk=version.run.pk)
    later.pk, later.status, later._state.adding = None, "queued", True
    later.save()  # that another run waits changes nothing: the first one without them says what it made
    page = maya.get(path).content.decode()
    assert sentence in page
    assert "/playground/?left=sums-v1&amp;right=without" in page
    assert "Why so rude?" in page


def test_what_only_a_group_learned_is_compared_with_nothing(scene: Stage, visiting: Visiting) -> None:
    Snapshot.objects.update(group_name="Region/North")
    maya, path = visiting(scene.maya), f"/campaigns/sums/people/{scene.bob.pseudonym}/training/"
    page = maya.get(f"{path}?compare").content.decode()
    assert "Retrain without them" in page
    assert "Compared with the snapshot" not in page
    assert "Show the difference" not in page


def test_the_pages_of_a_comparison_and_its_prompt_and_of_the_version_lead_to_each_other(
    scene: Stage, visiting: Visiting
) -> None:
    maya, judgment = visiting(scene.maya), Judgment.objects.earliest("pk")
    pages = f"comparisons/{judgment.comparison_id}/", f"prompts/{judgment.comparison.prompt_id}/"
    for one in pages:
        page = maya.get(f"/campaigns/sums/{one}").content.decode()
        assert "/versions/sums-v1/" in page
        assert "/versions/sums-v2/" in page
    assert "24 by 2 annotators" in maya.get("/versions/sums-v1/").content.decode()


def test_the_api_and_the_command_tell_the_same(scene: Stage, visiting: Visiting) -> None:
    maya, judgment, bob = visiting(scene.maya), Judgment.objects.earliest("pk"), scene.bob.pseudonym
    rows = (
        ("comparison", judgment.comparison_id),
        ("prompt", judgment.comparison.prompt_id),
        ("judgment", judgment.pk),
    )
    for kind, pk in rows:
        (use,) = maya.get(f"/api/v1/campaigns/sums/{kind}s/{pk}/uses/").json()["results"]
        (line,) = lineage("sums", f"--{kind}", str(pk))
        assert use["snapshot"] == line["snapshot"]
        assert (use["versions"], use["later"]) == (line["versions"], line["later"]) == (["sums-v1"], ["sums-v2"])
    behind = maya.get(f"/api/v1/snapshots/{use['snapshot']}/judgments/").json()
    assert len(behind["results"]) == 24
    asked = maya.get(f"/api/v1/campaigns/sums/left-out/{bob}/?compare=true").json()
    told = lineage("sums", "--annotator", bob, "--compare")
    assert asked["changes"] == told["changes"]
    assert asked["changes"]["removed"] == 4
    assert (asked["learned"], asked["parent"]) == (told["learned"], "base")
    assert maya.post(f"/api/v1/campaigns/sums/left-out/{bob}/").status_code == 201
    assert maya.delete(f"/api/v1/campaigns/sums/left-out/{bob}/").status_code == 204
    assert not LeftOut.objects.exists()
    with pytest.raises(CommandError, match="no annotator"):
        lineage("sums", "--annotator", "nobody")
    with pytest.raises(CommandError, match="need --annotator"):
        lineage("sums", "--judgment", "1", "--retrain")


def lineage(*arguments: str) -> Any:
    """The JSON that the command prints."""
    out = StringIO()
    call_command("lineage", *arguments, stdout=out)
    return json.loads(out.getvalue())
