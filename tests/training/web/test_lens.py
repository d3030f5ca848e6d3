"""The reward lens and what leads from it: forms, states, worst pairs, versions side by side."""

import json
from pathlib import Path
from typing import Any

import pytest

from labeling.models import Comparison, Verdict
from tests.browser.furnished import Furnished, furnish
from tests.browser.lens_and_lab import lens_job_of
from tests.clients import Visiting
from tests.people import NOON, Stage, person, stage
from training.actions.snapshots import take_snapshot
from training.models import LensJob, ModelVersion, Run
from training.web.compare import word_diff
from training.web.lineage import HEIGHT, draw_lineage

TEXTS = {"prompt": "What is 1 plus one?", "chosen": "It is 2.", "rejected": "Nobody knows."}


@pytest.fixture
def scene() -> tuple[Stage, Furnished]:
    made = stage(comparisons=4)
    return made, furnish(made)


def test_a_text_of_ones_own_is_asked_about_and_has_a_page(scene: tuple[Stage, Furnished], visiting: Visiting) -> None:
    on_stage, furnished = scene
    maya = visiting(on_stage.maya)
    answer = maya.post("/lens/", {"version": furnished.two.pk, "against": "base", **TEXTS})
    lens_job = LensJob.objects.get()
    assert answer.headers["Location"] == f"/lens/{lens_job.pk}/"
    assert (lens_job.version, lens_job.before, lens_job.reference) == (furnished.two, furnished.one, None)
    assert lens_job.pair["prompt"] == [{"role": "user", "content": TEXTS["prompt"]}]
    page = maya.get(f"/lens/{lens_job.pk}/").content.decode()
    assert "Queued" in page
    maya.post("/lens/", {"version": furnished.two.pk, "against": "parent", **TEXTS})
    against_parent = LensJob.objects.latest("pk")
    assert (against_parent.reference, against_parent.before) == (furnished.one, None)


def test_a_comparison_is_looked_at_as_it_was_judged(scene: tuple[Stage, Furnished], visiting: Visiting) -> None:
    on_stage, furnished = scene
    judged = on_stage.settle(["b"])[0]
    maya = visiting(on_stage.maya)
    assert "What is" in maya.get(f"/lens/?comparison={judged.pk}").content.decode()
    maya.post("/lens/", {"version": furnished.one.pk, "against": "base", "comparison": judged.pk})
    lens_job = LensJob.objects.get()
    assert (lens_job.comparison, lens_job.campaign) == (judged, on_stage.campaign)
    assert lens_job.pair["chosen"] == judged.completion_b.text
    assert lens_job.pair["names"] == ["Chosen", "Rejected"]
    stranger = visiting(person("stranger", "lead"))
    assert stranger.get(f"/lens/?comparison={judged.pk}").status_code == 404
    assert stranger.get(f"/lens/{lens_job.pk}/").status_code == 404
    on_stage.campaign.memberships.filter(user=on_stage.maya).update(role="annotator")
    assert maya.get(f"/lens/{lens_job.pk}/").status_code == 404, "who leads it no more sees its texts no more"


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", "x"])
def test_numbers_that_none_of_ours_can_be_are_no_trouble(
    scene: tuple[Stage, Furnished], visiting: Visiting, number: str
) -> None:
    on_stage, furnished = scene
    maya, run = visiting(on_stage.maya), f"/runs/{furnished.finished.pk}"
    assert maya.post("/lens/", {"comparison": number}).status_code == 200
    assert maya.post(f"{run}/relabel/", {"comparison": number, "more": number}).status_code == 302
    assert maya.get("/lab/", {"session": number[:100]}).status_code == 200
    alice = visiting(on_stage.alice)
    assert (
        alice.post("/campaigns/sums/annotate/", {"assignment": number, "choice": f"left:{number}"}).status_code == 404
    )


def test_what_makes_no_sense_is_said_beside_the_form(scene: tuple[Stage, Furnished], visiting: Visiting) -> None:
    on_stage, furnished = scene
    form = {"version": furnished.two.pk, "against": "base", **TEXTS, "rejected": TEXTS["chosen"]}
    page = visiting(on_stage.maya).post("/lens/", form).content.decode()
    assert "nothing to compare" in page
    assert not LensJob.objects.exists()


def test_a_finished_lens_job_shows_figures_of_both_and_the_other_opinion(
    scene: tuple[Stage, Furnished], visiting: Visiting
) -> None:
    on_stage, furnished = scene
    lens_job = lens_job_of(on_stage, furnished)
    page = visiting(on_stage.maya).get(f"/lens/{lens_job.pk}/").content.decode()
    # Four tokens half a nat up, three of them three quarters down, beta 0.2.
    assert 'data-testid="chosen-reward">0.400<' in page
    assert 'data-testid="margin">0.850<' in page
    assert "judge</b> gives Chosen 1.250" in page
    failed = lens_job_of(on_stage, furnished, status="failed", result=None, error="The disk is full: make room.")
    assert "The disk is full" in visiting(on_stage.maya).get(f"/lens/{failed.pk}/").content.decode()


@pytest.fixture
def finished_run(settings: Any, tmp_path: Path) -> tuple[Stage, Run, list[Comparison]]:
    """A run over twenty settled comparisons, with margins that doubt two of them."""
    settings.VAR_DIR = tmp_path
    on_stage = stage(comparisons=20)
    settled = on_stage.settle(["a", "b"] * 10)
    snapshot = take_snapshot(campaign=on_stage.campaign, acting_user=None, now=on_stage.now)
    run = furnish(on_stage).finished
    run.directory, run.snapshot = str(tmp_path), snapshot
    run.save(update_fields=["directory", "snapshot"])
    pairs = [json.loads(line) for line in (Path(snapshot.directory) / "train.jsonl").read_text().splitlines()]
    lines = [
        {
            "id": pair["id"],
            "split": "train",
            "margin": -3.0 + number,
            "chosen_logratio": -1.0,
            "rejected_logratio": 2.0,
            "confidence": 0.9,
        }
        for number, pair in enumerate(pairs)
    ]
    (tmp_path / "margins.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return on_stage, run, settled


def test_the_worst_predicted_are_sent_for_relabeling(
    finished_run: tuple[Stage, Run, list[Comparison]], visiting: Visiting
) -> None:
    on_stage, run, _ = finished_run
    maya = visiting(on_stage.maya)
    shown = maya.get(f"/runs/{run.pk}/surprises/").context["surprises"]
    assert [one.margin for one in shown[:3]] == [-3.0, -2.0, -1.0]
    worst = shown[0].comparison
    assert worst is not None
    answer = maya.post(f"/runs/{run.pk}/relabel/", {"comparison": [worst.pk], "more": "2"}, follow=True)
    assert "1 comparison is asked about again" in answer.content.decode()
    assert not Verdict.objects.filter(comparison=worst).exists()
    assert on_stage.given(on_stage.bob).comparison_id == worst.pk
    empty = maya.post(f"/runs/{run.pk}/relabel/", {"more": "2"}, follow=True)
    assert "Choose at least one" in empty.content.decode()
    maya.post("/lens/", {"version": run.version.pk, "against": "parent", "run": run.pk, "pair": shown[1].id})
    assert LensJob.objects.get().pair["id"] == shown[1].id


# --- Versions beside each other ---


def test_the_lineage_is_drawn_without_crossings(scene: tuple[Stage, Furnished], visiting: Visiting) -> None:
    on_stage, furnished = scene
    drawing = draw_lineage([furnished.two, furnished.base, furnished.one])
    nodes = {node.version.name: node for node in drawing.nodes}
    assert len(drawing.edges) == 2
    assert nodes["base"].x < nodes["sums-v1"].x < nodes["sums-v2"].x
    assert nodes["base"].y == nodes["sums-v2"].y
    assert drawing.height >= HEIGHT
    assert "lineage-graph" in visiting(on_stage.maya).get("/versions/").content.decode()


def test_siblings_have_rows_of_their_own(scene: tuple[Stage, Furnished]) -> None:
    _, furnished = scene
    furnished.two.parent = furnished.base
    drawing = draw_lineage([furnished.two, furnished.base, furnished.one])
    nodes = {node.version.name: node for node in drawing.nodes}
    assert nodes["sums-v1"].x == nodes["sums-v2"].x
    assert nodes["sums-v2"].y >= nodes["sums-v1"].y + HEIGHT
    assert draw_lineage([]).nodes == []


def test_two_versions_are_put_beside_each_other(scene: tuple[Stage, Furnished], visiting: Visiting) -> None:
    from labeling.actions.comparisons import ComparisonDraft, CompletionDraft
    from tests.people import asks

    on_stage, _ = scene
    maya = visiting(on_stage.maya)
    page = maya.get("/versions/compare/?one=sums-v1&other=sums-v2").content.decode()
    assert "No shared prompts yet" in page
    draft = ComparisonDraft(
        asks("Which?"), CompletionDraft("the red cat", "sums-v1"), CompletionDraft("the blue cat", "sums-v2")
    )
    on_stage.add([draft])
    page = maya.get("/versions/compare/?one=sums-v1&other=sums-v2").content.decode()
    assert "<del>red</del>" in page
    assert "<ins>blue</ins>" in page
    assert maya.get("/versions/compare/").headers["Location"].endswith("?one=base&other=sums-v1")
    assert maya.get("/versions/compare/?one=nothing&other=sums-v2").status_code == 404


def test_versions_of_different_base_models_are_compared_by_their_texts(
    scene: tuple[Stage, Furnished], visiting: Visiting
) -> None:
    maya = visiting(scene[0].maya)
    ModelVersion.objects.create(name="elsewhere", base_dir="/elsewhere", content_hash="aa11" * 16, created_at=NOON)
    page = maya.get("/versions/compare/?one=elsewhere&other=sums-v2").content.decode()
    assert "These versions have different base models" in page
    page = maya.get("/versions/compare/?one=sums-v1&other=sums-v2").content.decode()
    assert "different base models" not in page
    assert "Held-out loss" in page
    assert "Entropy" not in page  # nobody measured it


@pytest.mark.parametrize(("one", "other"), [("a b c", "a c"), ("", "x"), ("same", "same"), ("a  b\n", "a b\n\nc")])
def test_the_pieces_of_a_diff_are_both_texts(one: str, other: str) -> None:
    left, right = word_diff(one, other)
    assert "".join(piece.text for piece in left) == one
    assert "".join(piece.text for piece in right) == other
    kept = ["".join(piece.text for piece in side if piece.kind == "same") for side in (left, right)]
    assert kept[0] == kept[1]


def test_texts_that_say_the_same_word_again_and_again_stand_side_by_side() -> None:
    one, other = (" ".join(f"a {letter}{number}" for number in range(300)) for letter in "xy")
    left, right = word_diff(one, other)
    assert [(piece.kind, piece.text) for piece in (*left, *right)] == [("same", one), ("same", other)]
    assert len(word_diff(" ".join(f"w{number}" for number in range(600)), "w5 and w7")[0]) > 1


def test_token_ids_are_read_by_models_of_their_writers_base_only(scene: tuple[Stage, Furnished]) -> None:
    from training.lens.pairs import readable_by
    from training.models import ModelVersion

    _, furnished = scene
    pair = {"prompt": [], "chosen": "x", "chosen_ids": [1], "written_by": ["base", "sums-v1"]}
    assert readable_by(furnished.two, pair) == pair
    elsewhere = ModelVersion(name="other", base_dir="/elsewhere")
    assert "chosen_ids" not in readable_by(elsewhere, pair)
    assert "chosen_ids" not in readable_by(furnished.two, {**pair, "written_by": ["", "base"]})
    assert readable_by(elsewhere, {"chosen_ids": [1]}) == {"chosen_ids": [1]}  # of a snapshot
