"""The page of the groups: declared, searched for, found ones declared, versions beside groups."""

import pytest

from labeling.models import Campaign, Grouping
from labeling.queries.groups import members_by_group
from labeling.web import group_form
from tests.browser.furnished import furnish
from tests.browser.groups import grouping_of, measured_groups, search_for_groups
from tests.clients import Visiting, text_of
from tests.people import Stage, stage
from training.models import GroupJob, Run, Snapshot
from training.queries import group_page

PAGE = "/campaigns/sums/groups/"


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=2)


def test_groups_are_declared_changed_and_removed(scene: Stage, visiting: Visiting) -> None:
    maya = visiting(scene.maya)
    assert "Declare groups" in text_of(maya, PAGE)
    fields = {"group_alice": "North", "group_bob": "South"}
    refused = maya.post(f"{PAGE}declare/", {"new": "1", "name": "Region"}).content.decode()
    assert "A grouping has 1 to 12 groups with members" in refused
    maya.post(f"{PAGE}declare/", {"new": "1", "name": "Region", **fields})
    grouping = Grouping.objects.get()
    shown = text_of(maya, PAGE)
    assert "Agreement in Region" in shown
    assert "No comparison has votes of both groups." in shown
    maya.post(f"{PAGE}change/", {"grouping": grouping.pk, "do": "remove"})
    assert not Grouping.objects.exists()


def test_the_page_of_a_large_campaign_names_the_command_instead(
    scene: Stage, visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    grouping_of(scene)
    monkeypatch.setattr(group_page, "MOST_IN_REQUEST", 0)
    shown = text_of(visiting(scene.maya), PAGE)
    assert "manage.py groups sums" in shown
    assert "Beyond chance" not in shown


def test_members_without_a_field_keep_their_groups(
    scene: Stage, visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    maya, grouping = visiting(scene.maya), grouping_of(scene)
    before = members_by_group(grouping)
    maya.post(f"{PAGE}declare/", {"grouping": grouping.pk, "name": "Region", "group_alice": "East"})
    after = members_by_group(grouping)
    assert after == {"East": [scene.alice.pseudonym], "North": [scene.maya.pseudonym], "South": before["South"]}
    monkeypatch.setattr(group_form, "MOST_PEOPLE", 1)  # the form has a field for Ada
    assert "group_alice" not in maya.get(PAGE).content.decode()
    maya.post(f"{PAGE}declare/", {"grouping": grouping.pk, "name": "Region", "group_ada": "South"})
    assert members_by_group(grouping) == {**after, "South": sorted([*after["South"], scene.ada.pseudonym])}


def test_a_search_is_started_refused_and_cancelled(scene: Stage, visiting: Visiting) -> None:
    maya = visiting(scene.maya)
    answer = maya.post(f"{PAGE}search/", {"do": "start"}, follow=True).content.decode()
    assert "A search needs at least 4 annotators" in answer
    search_for_groups(scene, "queued")
    assert "Cancel" in text_of(maya, PAGE)
    maya.post(f"{PAGE}search/", {"do": "cancel"})
    assert GroupJob.objects.get().status == "cancelled"


def test_found_groups_are_named_and_become_declared(scene: Stage, visiting: Visiting) -> None:
    search_for_groups(scene)
    maya = visiting(scene.maya)
    shown = text_of(maya, PAGE)
    assert "2 groups: held-out votes of 4 annotators" in shown
    assert "alice, maya" in shown
    assert "Length (+0.9), Refusal (−0.4)" in shown
    maya.post(f"{PAGE}search/", {"do": "declare"})
    assert Grouping.objects.get().was_found
    assert "The figures flatter them" in text_of(maya, PAGE)


def test_a_pseudonymous_campaign_names_nobody(scene: Stage, visiting: Visiting) -> None:
    search_for_groups(scene)
    Campaign.objects.update(pseudonymous=True)
    maya = visiting(scene.maya)
    shown = text_of(maya, PAGE)
    assert "the page does not say who is in which group" in shown
    assert scene.alice.pseudonym not in shown
    answer = maya.post(f"{PAGE}search/", {"do": "declare"}, follow=True).content.decode()
    assert "found groups would tell who is who" in answer
    assert not Grouping.objects.exists()


def test_versions_stand_beside_the_groups(scene: Stage, visiting: Visiting) -> None:
    made = furnish(scene)
    Run.objects.update(status="finished")
    grouping = grouping_of(scene)
    measured_groups(scene, grouping, (made.one.name, made.two.name, "sums-v0"))
    Snapshot.objects.filter(runs__version=made.one).update(group=grouping.groups.get(name="North"))
    shown = text_of(visiting(scene.maya), PAGE)
    assert "55.0 % with one version for all, 80.0 % with a version each" in " ".join(shown.split())


def test_only_leads_see_the_page(scene: Stage, visiting: Visiting) -> None:
    assert visiting(scene.alice).get(PAGE).status_code == 403
    assert visiting(scene.charlie).get(PAGE).status_code == 404
