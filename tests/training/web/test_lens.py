"""The reward lens and what leads from it: forms, states, worst pairs, versions side by side."""

import pytest

from tests.browser.furnished import Furnished, furnish
from tests.browser.lens_and_lab import lens_job_of
from tests.clients import Visiting
from tests.people import Stage, person, stage
from training.models import LensJob

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
    assert lens_job.is_preference
    stranger = visiting(person("stranger", "lead"))
    assert stranger.get(f"/lens/?comparison={judged.pk}").status_code == 404
    assert stranger.get(f"/lens/{lens_job.pk}/").status_code == 404
    on_stage.campaign.memberships.filter(user=on_stage.maya).update(role="annotator")
    assert maya.get(f"/lens/{lens_job.pk}/").status_code == 404, "a former lead no longer sees its texts"


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", "x"])
def test_numbers_that_none_of_ours_can_be_are_no_trouble(
    scene: tuple[Stage, Furnished], visiting: Visiting, number: str
) -> None:
    on_stage, furnished = scene
    maya, run = visiting(on_stage.maya), f"/runs/{furnished.finished.pk}"
    assert maya.post("/lens/", {"comparison": number}).status_code == 200
    assert maya.post(f"{run}/relabel/", {"comparison": number, "more": number}).status_code == 200
    assert maya.get("/lab/", {"session": number[:100]}).status_code == 200
    alice = visiting(on_stage.alice)
    assert (
        alice.post("/campaigns/sums/annotate/", {"assignment": number, "choice": f"left:{number}"}).status_code == 404
    )


def test_a_base_model_is_no_choice_because_all_its_rewards_are_zero(
    scene: tuple[Stage, Furnished], visiting: Visiting
) -> None:
    on_stage, furnished = scene
    maya = visiting(on_stage.maya)
    choices = maya.get("/lens/").context["form"]["version"].field.queryset
    assert [version.name for version in choices] == ["sums-v2", "sums-v1"]
    page = maya.post("/lens/", {"version": furnished.base.pk, "against": "base", **TEXTS}).content.decode()
    assert "Choose a trained version" in page
    assert TEXTS["prompt"] in page, "what was typed stays"
    job = lens_job_of(on_stage, furnished, version=furnished.base, before=None)
    page = maya.get(f"/lens/{job.pk}/").content.decode()
    assert "Open in lens with sums-v2" in page


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
    assert ">It</span>" in page  # a token of the heat map
    failed = lens_job_of(on_stage, furnished, status="failed", result=None, error="The disk is full: make room.")
    assert "The disk is full" in visiting(on_stage.maya).get(f"/lens/{failed.pk}/").content.decode()


# --- Versions beside each other ---
