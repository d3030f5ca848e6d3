"""The story as a page without scripts: texts, real things in the place of recorded ones, and no request needed."""

import re

import pytest
from django.template.loader import render_to_string

from tests.browser.evaluations import evaluation_of
from tests.browser.furnished import furnish
from tests.browser.lens_and_lab import experiment_of, lens_job_of
from tests.clients import Visiting
from tests.people import stage
from training.models import LensJob
from training.web.story import story_context

pytestmark = pytest.mark.django_db


def test_every_part_is_text_without_a_script_and_without_a_request() -> None:
    parts = render_to_string("training/story/parts.html", story_context())
    for name in ("examples", "trial", "critic", "loop", "leash", "memory", "tug", "hidden"):
        assert f'data-story="{name}"' in parts
    for figure in ("0.0405", "−0.0182", "0.0588", "51.5 %", "0.6642"):  # the six steps
        assert figure in parts
    assert parts.count("<math") == 6
    assert "return -log(probability)" in parts
    assert parts.count("Recorded") == 4  # three samples and a pair
    assert "<form method" not in parts
    assert 'href="/' not in parts  # nothing here leads into an installation


def test_an_annotator_reads_it_and_is_sent_nowhere_they_may_not_go(visiting: Visiting) -> None:
    on_stage = stage()
    furnish(on_stage)
    page = visiting(on_stage.alice).get("/story/").content.decode()
    assert 'action="/lab/start/"' in page
    assert "/versions/" not in page
    assert 'action="/lens/"' not in page


def test_what_is_real_here_takes_the_place_of_what_was_recorded(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    furnished = furnish(on_stage)
    experiment_of(on_stage.maya, furnished)  # drifted by 1.5 nats
    job = lens_job_of(on_stage, furnished)
    page = visiting(on_stage.maya).get("/story/").content.decode()
    assert "From your own experiment in the lab, after step 8: KL 1.50." in page
    assert f'href="/lens/{job.pk}/"' in page
    assert page.count("Recorded") == 2


def test_a_lead_has_the_real_model_score_a_sentence(visiting: Visiting) -> None:
    on_stage = stage()
    furnished = furnish(on_stage)
    maya = visiting(on_stage.maya)
    page = maya.get("/story/").content.decode()
    form = page[page.index('data-testid="story-score"') : page.index("Ask the real model")]
    sent = dict(re.findall(r'name="(version|against|prompt|rejected)" value="([^"]*)"', form))
    answer = maya.post("/lens/", {**sent, "chosen": "That is a pity. Try again in a week."})
    job = LensJob.objects.get()
    assert answer.headers["Location"] == f"/lens/{job.pk}/"
    assert job.version in (furnished.one, furnished.two)
    assert job.pair["chosen"] == "That is a pity. Try again in a week."


def test_a_version_shows_what_it_wrote_for_its_evaluation(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    job = evaluation_of(on_stage, furnish(on_stage))
    (drift,) = (part for part in (job.report or {})["sections"] if part["name"] == "drift")
    drift["to_base"]["value"], drift["tokens"] = 0.05, 40 * drift["samples"]  # 2 nats in 40 tokens
    job.save()
    page = visiting(on_stage.maya).get("/story/").content.decode()
    assert f"Written by {job.version.name} for its evaluation: KL 2.00 per answer" in page
    assert f'href="/evaluations/{job.pk}/"' in page
    assert "for its evaluation" not in visiting(on_stage.alice).get("/story/").content.decode()


def test_without_a_model_everything_but_the_real_one_is_there(visiting: Visiting) -> None:
    page = visiting(stage().alice).get("/story/").content.decode()
    assert 'data-story="tug"' in page
    assert 'action="/lab/start/"' not in page
