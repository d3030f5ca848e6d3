"""Members on their page: added, removed, and why somebody cannot be."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from labeling.actions.curation import make_gold, retire_comparison
from labeling.actions.invitations import create_invitation, revoke_invitation
from labeling.models import Judgment, Membership
from labeling.queries.annotator import counts
from labeling.queries.statistics import statistics
from tests.clients import Visiting, text_of
from tests.people import stage


def test_somebody_is_added_and_removed(visiting: Visiting) -> None:
    on_stage = stage()
    maya, path = visiting(on_stage.maya), f"/campaigns/{on_stage.campaign.slug}/people/"
    maya.post(path, {"username": "charlie", "role": "annotator"})
    assert "Sums" in text_of(visiting(on_stage.charlie), "/")
    maya.post(f"{path}remove/", {"username": "charlie"})
    assert not Membership.objects.filter(user=on_stage.charlie, campaign=on_stage.campaign).exists()


def test_removing_reminds_of_invitations_that_can_still_be_used(visiting: Visiting) -> None:
    scene = stage()
    maya, path = visiting(scene.maya), "/campaigns/sums/people/"
    assert "Revoke the invitation too" not in maya.get(path).content.decode()
    now = timezone.now()
    invitation, _token = create_invitation(
        campaign=scene.campaign, expires_at=now + timedelta(days=1), acting_user=scene.maya, now=now
    )
    assert "Revoke the invitation too" in maya.get(path).content.decode()
    revoke_invitation(invitation=invitation, acting_user=scene.maya, now=now)
    assert "Revoke the invitation too" not in maya.get(path).content.decode()


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"username": "nobody", "role": "annotator"}, "There is no user with this name."),
        ({"username": "charlie", "role": "lead"}, "Not for annotators."),
        ({"username": "", "role": "annotator"}, "This field is required."),
    ],
)
def test_who_cannot_be_added_is_explained(form: dict[str, str], reason: str, visiting: Visiting) -> None:
    on_stage = stage()
    answer = visiting(on_stage.maya).post(f"/campaigns/{on_stage.campaign.slug}/people/", form)
    page = answer.content.decode()
    assert reason in page


def test_the_last_lead_stays(visiting: Visiting) -> None:
    on_stage = stage()
    maya, path = visiting(on_stage.maya), f"/campaigns/{on_stage.campaign.slug}/people/remove/"
    maya.post(path, {"username": "ada"})
    answer = maya.post(path, {"username": "maya"}, follow=True)
    assert "needs a lead" in answer.content.decode()


def test_a_member_has_as_many_judgments_here_as_in_statistics_and_totals(
    visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeling.judging.queue.random.random", lambda: 0.0)  # gold as soon as there is some
    on_stage = stage(comparisons=5, gold_rate=0.5)
    on_stage.settle(["a", "b"])
    first, third = on_stage.campaign.comparisons.order_by("pk")[0:3:2]
    by: Any = {"acting_user": on_stage.maya, "now": on_stage.now}
    retire_comparison(comparison=first, reason="Bad.", **by)
    make_gold(comparison=third, winner="a", **by)
    while held := on_stage.next(on_stage.alice):  # gold among them
        on_stage.judge(held, "left")
    maya = visiting(on_stage.maya)
    assert Judgment.objects.filter(kind="gold").exists()
    shown = re.findall(r'data-name="Judgments">(\d+)<', text_of(maya, "/campaigns/sums/people/"))
    (loop,) = re.findall(r'data-count="judgments">(\d+)<', text_of(maya, "/campaigns/sums/"))
    counted = [row.votes for row in statistics(on_stage.campaign, now=on_stage.now).annotators]
    assert sum(map(int, shown)) == int(loop) == sum(counted) > 0
    assert counts(on_stage.campaign, on_stage.alice)["judged"] == sum(counted)


def test_members_are_sorted_by_a_heading_those_without_a_figure_last(visiting: Visiting) -> None:
    scene = stage(comparisons=5, overlap=2)
    for user, number in ((scene.bob, 3), (scene.alice, 1)):
        for _ in range(number):
            scene.judge(scene.given(user), seconds=0 if user == scene.bob else None)
    maya, path = visiting(scene.maya), f"/campaigns/{scene.campaign.slug}/people/"

    def names(query: str) -> list[str]:
        return [member.user.username for member, _summary, _standing in maya.get(path + query).context["members"]]

    usual = names("")
    others = [name for name in usual if name not in ("alice", "bob")]
    assert names("?order=most_judged") == ["bob", "alice", *others]
    assert names("?order=least_judged") == [*others, "alice", "bob"]
    assert names("?order=fastest") == ["bob", *(name for name in usual if name != "bob")]
    assert names("?order=zzz") == usual
    page = text_of(maya, f"{path}?order=most_judged")
    assert 'aria-sort="descending"' in page
    assert 'href="?order=least_judged#rows"' in page
    scene.campaign.pseudonymous = True
    scene.campaign.save(update_fields=["pseudonymous"])
    assert names("?order=most_judged") == usual, "The order would tell who judged how much."
