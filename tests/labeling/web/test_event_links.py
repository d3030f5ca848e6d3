"""Every event of the log leads to the page of its thing."""

import re

import pytest

from labeling.events.record import record
from labeling.models import Event
from labeling.web.event_links import link_of
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import NOON, Stage, stage
from training.models import ModelVersion


def tidy(page: str) -> str:
    return " ".join(page.split())


@pytest.fixture
def scene(db: None) -> Stage:
    scene = stage(comparisons=3)
    scene.settle(["a", "b", "a"])
    return scene


def test_a_judgment_leads_to_its_comparison(scene: Stage, visiting: Visiting) -> None:
    event = Event.objects.filter(verb="judgment.made").latest("pk")
    number = event.after["comparison"]
    assert link_of(event) == f"/campaigns/sums/comparisons/{number}/"
    page = visiting(scene.maya).get("/campaigns/sums/events/?verb=judgment.made").content.decode()
    assert f'judged <a href="/campaigns/sums/comparisons/{number}/"><bdi>comparison {number}</bdi></a>' in tidy(page)


def test_runs_and_versions_lead_to_their_pages(scene: Stage) -> None:
    furnished = furnish(scene)
    for subject, path in (
        (furnished.finished, f"/runs/{furnished.finished.pk}/"),
        (furnished.two, "/versions/sums-v2/"),
        (furnished.writing, "/campaigns/sums/"),
        (ModelVersion(pk=10**6, name="gone"), ""),
    ):
        event = record("run.started", subject, acting_user=None, now=NOON, campaign=scene.campaign)
        assert link_of(event) == path


def test_every_link_of_the_log_can_be_opened(scene: Stage, visiting: Visiting) -> None:
    maya = visiting(scene.maya)
    page = maya.get("/campaigns/sums/events/").content.decode()
    links = set(re.findall(r'<a href="(/[^"]+)"><bdi>', page.partition('data-testid="events"')[2]))
    assert len(links) >= 4
    for link in links:
        assert maya.get(link).status_code == 200, link
