"""A campaign in which everything has happened once: every page of labeling has something to show. Rows by actions."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from labeling.actions.campaigns import change_campaign, write_guidelines
from labeling.actions.invitations import create_invitation
from labeling.actions.onboarding import start_round
from labeling.actions.people import create_token
from labeling.actions.questions import answer_question, ask_question
from labeling.actions.webhooks import create_webhook
from labeling.models import Comparison, Judgment, Membership, PracticeAnswer, WebhookAttempt, WebhookDelivery
from tests.labeling.practising import PRACTICE, QUALIFICATION, go_through, mark
from tests.people import Stage, pair, person

CRITERIA = [
    {"name": "helpful", "description": "Which one helps more?", "required": True},
    {"name": "harmless", "description": "Which one does less harm?", "required": False},
]


def occupy(scene: Stage) -> str:
    """Puts everything into the stage's campaign; returns the token of an invitation."""
    maya, alice, bob = scene.maya, scene.alice, scene.bob
    _agree_and_disagree(scene)
    write_guidelines(
        campaign=scene.campaign,
        text="# What to look for\n\n- Prefer the **true** one.\n- Of two true ones the *shorter*.",
        acting_user=maya,
        now=scene.now,
    )
    scene.join(person("eve"), role=Membership.Role.EXPERT)
    held = scene.given(alice)
    scene.judge(held, "skip", skip_reason="It is upsetting", flag="harm", comment="It names a person.")
    scene.wait(60)
    change_campaign(campaign=scene.campaign, criteria=CRITERIA, gold_rate=0.1, acting_user=maya, now=scene.now)
    assert Comparison.objects.filter(status="conflict").exists()
    _ask_and_answer(scene)
    create_token(user=alice, name="laptop", acting_user=alice, now=scene.now)
    for user, name, scopes in ((maya, "nightly export", ["read", "export"]), (maya, "phone", ["judge"])):
        create_token(
            user=user,
            name=name,
            scopes=scopes,
            expires_at=timezone.now() + timedelta(days=90),
            acting_user=user,
            now=scene.now,
        )
    _tell_an_address(scene)
    assert Judgment.objects.filter(annotator=bob).exists()
    _, token = create_invitation(
        campaign=scene.campaign,
        note="Students of the spring course",
        max_uses=20,
        expires_at=timezone.now() + timedelta(days=7),
        acting_user=maya,
        now=timezone.now(),
    )
    return token


def newcomer(scene: Stage) -> PracticeAnswer:
    """Nora has finished a practice round and begun another one; returns her first answer. Maya has marked the pairs."""
    scene.add([pair(number) for number in range(400, 404)])
    mark(scene, 3)
    mark(scene, 1, QUALIFICATION)
    nora = person("nora")
    scene.join(nora)
    practised = go_through(scene, nora, PRACTICE, right=0)
    start_round(campaign=scene.campaign, use=PRACTICE, acting_user=nora, now=scene.now)
    return practised.answers.order_by("position")[0]


def _agree_and_disagree(scene: Stage) -> None:
    """Twenty comparisons that two people judge. They disagree about every fourth that both of them have."""
    shared = count()
    change_campaign(campaign=scene.campaign, overlap=2, scale="strength", acting_user=scene.maya, now=scene.now)
    scene.add([pair(number) for number in range(200, 220)])
    for turn in range(16):
        for user in (scene.alice, scene.bob):
            comment = "It is true, and short." if turn % 3 == 0 else ""
            held = scene.given(user)
            is_second = held.comparison.judgments.exists()
            letter = "b" if is_second and next(shared) % 4 == 0 else "a"
            scene.wait(40)
            scene.vote(held, letter, strength=1 + turn % 3, seconds=7.0 + turn, comment=comment)


def _ask_and_answer(scene: Stage) -> None:
    """A question that is answered for everybody, and one that waits, both about one pair."""
    last = scene.alice.judgments.order_by("-pk")[0].assignment
    texts = ("Do units count?", "Which is better if both are true, but one of them is much longer than the other?")
    answered, _ = (ask_question(assignment=last, text=text, acting_user=scene.alice, now=scene.now) for text in texts)
    scene.wait(60)
    answer_question(
        question=answered,
        answer="Yes: a wrong unit is a wrong answer.",
        publish_as="Do units count?",
        acting_user=scene.maya,
        now=scene.now,
    )


def _tell_an_address(scene: Stage) -> None:
    """A webhook, and a message in each state. Its address is a public one that nothing here ever calls."""
    for url in ("https://1.1.1.1/hooks/chosen", "https://1.0.0.1/a/very/long/address/of/another/receiver?team=labels"):
        create_webhook(
            campaign=scene.campaign,
            url=url,
            event_types=["verdict.settled", "comparisons.added", "comparison.conflict"],
            acting_user=scene.maya,
            now=scene.now,
        )
    for number in (300, 301, 302):
        scene.add([pair(number)])
    states: list[dict[str, Any]] = [
        {"status": "delivered", "attempts": 1, "http_status": 200, "seconds": 0.21, "excerpt": "ok"},
        {"status": "waiting", "attempts": 2, "seconds": 15.0, "error": "No response within 15 seconds."},
        {"status": "given_up", "attempts": 11, "http_status": 500, "seconds": 0.4, "excerpt": "<h1>Server Error</h1>"},
    ]
    for delivery, values in zip(WebhookDelivery.objects.order_by("pk"), states, strict=False):
        last = {name: value for name, value in values.items() if name not in ("status", "attempts")}
        for number in range(values["attempts"]):
            at = scene.now + timedelta(seconds=30 * number)
            WebhookAttempt.objects.create(delivery=delivery, at=at, **last)
        WebhookDelivery.objects.filter(pk=delivery.pk).update(**values, tried_at=scene.now)
