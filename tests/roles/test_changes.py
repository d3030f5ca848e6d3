"""Permissions follow every change at once: of an account's role, of a membership, of a campaign's status."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from labeling.models import Campaign, Membership, Role
from tests.roles.calls import address, ask
from tests.roles.rows import Scene
from tests.roles.rules import LABELING_API, PEOPLE, RULES, TRAINING_API
from tests.roles.test_roles import meaning
from tests.training.jobs.scripted import Scripted
from training import playground
from training.versions import files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "check_version", lambda version: None)
    monkeypatch.setattr(playground, "open_source", Scripted(lambda request, _: "Four.").source)


def digit(name: str, method: str, who: str) -> str:
    return RULES[name][method][PEOPLE.index(who)]


def demoted_account(scene: Scene) -> None:
    """An admin makes Maya's account an annotator's; her memberships stay as they are."""
    scene.stage.maya.role = Role.ANNOTATOR
    scene.stage.maya.save(update_fields=["role"])


def demoted_member(scene: Scene) -> None:
    scene.stage.campaign.memberships.filter(user=scene.stage.maya).update(role=Membership.Role.ANNOTATOR)


def removed_member(scene: Scene) -> None:
    scene.stage.campaign.memberships.filter(user=scene.stage.maya).delete()


@pytest.mark.parametrize(
    ("change", "like"),
    [
        (demoted_member, "alice"),
        pytest.param(demoted_account, "alice", marks=pytest.mark.long),
        pytest.param(removed_member, "other_lead", marks=pytest.mark.long),
    ],
)
def test_a_lead_who_is_none_any_more_may_do_no_more_than_the_others(change: Callable[[Scene], None], like: str) -> None:
    scene = Scene()
    stays_lead = change is not demoted_account
    wrong = []
    for name, methods in sorted((LABELING_API | TRAINING_API if stays_lead else RULES).items()):
        for method in methods:
            then = digit(name, method, like)
            if digit(name, method, "maya") != "2" or then == "2":
                continue
            elsewhere = digit(name, method, "other_lead") if stays_lead else then  # as a lead of other campaigns
            if elsewhere == "2":
                continue
            with transaction.atomic():
                path = address(name, scene)
                change(scene)
                seen = meaning(ask(scene.stage.maya, name, method, path))
                transaction.set_rollback(True)
            scene.stage.maya.refresh_from_db()
            if seen not in (then, elsewhere):
                wrong.append(f"{method} {name}: {seen}, not {then}")
    assert "\n".join(wrong) == ""


STAYS_POSSIBLE = {
    # Ending what is under way, and taking access away.
    "POST api-cancel-blame",
    "POST api-cancel-evaluation",
    "POST api-cancel-generation",
    "POST api-cancel-group-job",
    "POST api-cancel-people-gate",
    "POST api-cancel-price",
    "POST api-cancel-run",
    "POST api-cancel-selection",
    "POST api-cancel-suite-run",
    "DELETE api-grouping",
    "DELETE api-invitation",
    "DELETE api-member",
    "PATCH api-webhook",  # switches it off
    "DELETE api-webhook",
    # Reading and exporting, and using versions, which belong to every campaign.
    "POST api-completion",
    "POST api-export-evaluation",
    "POST api-promote",
    # A person's own steps, which give them no assignment.
    "POST api-next",
    "POST api-read-answers",
}
"""All that can still be done to an archived campaign."""


def changing() -> Iterator[tuple[str, str]]:
    for name, methods in sorted((LABELING_API | TRAINING_API).items()):
        for method in methods:
            if method != "GET" and digit(name, method, "maya") == "2" and digit(name, method, "other_lead") != "2":
                yield name, method


def test_an_archived_campaign_is_not_changed() -> None:
    scene = Scene()
    changed = []
    for name, method in changing():
        with transaction.atomic():
            path = address(name, scene)
            Campaign.objects.filter(pk=scene.stage.campaign.pk).update(status=Campaign.Status.ARCHIVED)
            answer: Any = ask(scene.stage.maya, name, method, path)
            transaction.set_rollback(True)
        if answer.status_code != 409:
            changed.append(f"{method} {name}")
    # Serving is no matter of one campaign; whether the rollback is done here depends on the files of its version.
    assert set(changed) - {"POST api-roll-back"} == STAYS_POSSIBLE
