"""Setting items of the inbox aside, and the watch over agreement."""

import pytest

from common.errors import NotFound
from labeling.actions.attention import bring_back, set_aside, watch_agreement
from labeling.actions.members import pause_member
from labeling.models import AgreementWatch, AttentionDismissal, Event
from labeling.queries.attention import attention
from tests.people import Stage, stage


def voted(agreeing: list[bool]) -> Stage:
    """Alice and Bob judge that many comparisons, one after the other, and agree or not."""
    scene = stage(comparisons=len(agreeing), overlap=2)
    for agree in agreeing:
        scene.vote(scene.given(scene.alice), "a")
        scene.vote(scene.given(scene.bob), "a" if agree else "b")
        scene.wait(60)
    return scene


def test_agreement_that_fell_beyond_chance_is_found_and_forgotten_when_it_recovers() -> None:
    scene = voted([True] * 40 + [False] * 40)
    assert watch_agreement(now=scene.now) == 1
    watch = AgreementWatch.objects.get()
    assert (watch.early, watch.late, watch.fell_at) == (1.0, 0.0, scene.now)
    scene.wait(3600)
    watch_agreement(now=scene.now)
    again = AgreementWatch.objects.get()
    assert again.fell_at == watch.fell_at, "It is the same fall."
    assert again.checked_at == scene.now
    event = Event.objects.get(verb="campaign.agreement_fell")
    assert (event.campaign, event.after) == (scene.campaign, {"agreement_early": 1.0, "agreement_late": 0.0})


@pytest.mark.parametrize("agreeing", [[True] * 60, [False, True] * 30, [True, False]])
def test_steady_agreement_and_a_few_judgments_are_no_fall(agreeing: list[bool]) -> None:
    scene = voted(agreeing)
    assert watch_agreement(now=scene.now) == 0
    assert AgreementWatch.objects.get().fell_at is None


def test_only_what_is_in_the_inbox_and_stays_there_can_be_set_aside() -> None:
    scene = voted([False])
    for key in (f"conflicts-{scene.campaign.pk}", "nothing"):
        with pytest.raises(NotFound):
            set_aside(key=key, acting_user=scene.maya, now=scene.now)
    pause_member(campaign=scene.campaign, user=scene.bob, acting_user=scene.maya, now=scene.now)
    key = f"stopped-{scene.campaign.pk}"
    with pytest.raises(NotFound):
        set_aside(key=key, acting_user=scene.alice, now=scene.now)
    set_aside(key=key, acting_user=scene.maya, now=scene.now)
    set_aside(key=key, acting_user=scene.maya, now=scene.now)
    bring_back(key=key, acting_user=scene.maya)
    bring_back(key=key, acting_user=scene.maya)
    assert not AttentionDismissal.objects.exists()
    assert key in {item.key for item in attention(scene.maya).items}
