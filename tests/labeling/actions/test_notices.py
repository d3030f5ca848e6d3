"""E-mail about the inbox: at once, daily, never; each thing once; nothing lost when the mail server is down."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from common.errors import Invalid
from labeling.actions.members import pause_member
from labeling.actions.notices import choose_notices, send_notices
from labeling.models import NoticeChoice
from tests.people import NOON, Stage, stage


def scene_with(when: str, *, hour: int = 8, language: str = "en") -> Stage:
    scene = stage(comparisons=4, overlap=2)
    scene.maya.email = "maya@example.org"
    scene.maya.save(update_fields=["email"])
    choose_notices(when=when, hour=hour, channel="", language=language, acting_user=scene.maya, now=NOON)
    return scene


def disagree(scene: Stage) -> None:
    scene.vote(scene.given(scene.alice), "a")
    scene.vote(scene.given(scene.bob), "b")


def test_at_once_each_new_thing_is_sent_once_with_its_address() -> None:
    scene = scene_with("at_once")
    assert send_notices(now=NOON) == 0
    disagree(scene)
    assert [send_notices(now=NOON), send_notices(now=NOON)] == [1, 0]
    (message,) = mail.outbox
    assert message.to == ["maya@example.org"]
    assert message.subject == "Chosen: 1 conflict waits for a decision (Sums)"
    assert f"http://127.0.0.1:8000/campaigns/{scene.campaign.slug}/adjudication/" in message.body
    assert "/you/" in message.body
    disagree(scene)
    assert send_notices(now=NOON) == 1
    assert "2 conflicts wait" in mail.outbox[1].subject


def test_it_names_the_annotators_that_it_is_about() -> None:
    scene = scene_with("at_once")
    for one in (scene.alice, scene.bob):
        pause_member(campaign=scene.campaign, user=one, acting_user=scene.ada, now=NOON)
    send_notices(now=NOON)
    assert "2 annotators are paused or warned (Sums)\nalice, bob\nhttp" in mail.outbox[0].body


def test_daily_waits_for_its_hour_and_for_news() -> None:
    scene = scene_with("daily", hour=14)
    disagree(scene)
    assert send_notices(now=NOON) == 0
    at_two = NOON + timedelta(hours=2)
    assert [send_notices(now=at_two), send_notices(now=at_two + timedelta(hours=1))] == [1, 0]
    assert send_notices(now=at_two + timedelta(days=1)) == 0, "Nothing is new."
    disagree(scene)
    assert send_notices(now=at_two + timedelta(days=1)) == 1


def test_never_sends_nothing() -> None:
    disagree(scene_with("never"))
    assert send_notices(now=NOON) == 0
    assert mail.outbox == []


def test_it_is_in_the_language_of_the_choice() -> None:
    disagree(scene_with("at_once", language="de"))
    send_notices(now=NOON)
    assert mail.outbox[0].subject == "Chosen: 1 Konflikt wartet auf eine Entscheidung (Sums)"


def test_a_refused_message_is_sent_later(settings: Any) -> None:
    disagree(scene_with("at_once"))
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
    assert send_notices(now=NOON) == 0
    assert NoticeChoice.objects.get().failed_at == NOON
    settings.EMAIL_BACKEND = backend
    assert send_notices(now=NOON + timedelta(minutes=1)) == 0, "Not every minute."
    assert send_notices(now=NOON + timedelta(minutes=11)) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"when": "hourly"}, "when"),
        ({"hour": 24}, "hour"),
        ({"channel": "json://127.0.0.1/"}, "channel"),
        ({"channel": "matrixs://user:secret@127.0.0.1/#room"}, "channel"),
        ({"channel": "slack://"}, "channel"),
    ],
)
def test_a_wrong_choice_is_refused_at_its_field(values: dict[str, str], field: str) -> None:
    scene = scene_with("never")
    with pytest.raises(Invalid) as refusal:
        choose_notices(
            **{"when": "daily", "hour": 8, "channel": "", "language": "en", **values},  # type: ignore[arg-type]
            acting_user=scene.maya,
            now=NOON,
        )
    assert list(refusal.value.fields) == [field]


def test_without_an_address_there_must_be_a_channel() -> None:
    scene = stage(comparisons=1)
    with pytest.raises(Invalid, match="no e-mail address"):
        choose_notices(when="daily", hour=8, channel="", language="en", acting_user=scene.maya, now=NOON)
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
    choose_notices(when="daily", hour=8, channel=url, language="en", acting_user=scene.maya, now=NOON)
    assert NoticeChoice.objects.get().channel == url
