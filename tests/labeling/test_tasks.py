"""The tasks of labeling do their errands once, however often they run."""

from datetime import timedelta

import pytest
from django.utils import timezone

from labeling import tasks
from labeling.actions.idempotency import claim_reply, keep_reply
from labeling.models import Assignment, KeptReply
from tests.people import stage

pytestmark = pytest.mark.django_db


def test_expired_leases_are_released_once() -> None:
    scene = stage(comparisons=2)
    scene.now = timezone.now() - timedelta(days=1)
    held = scene.given(scene.alice)
    assert tasks.release_expired() == 1
    assert Assignment.objects.get(pk=held.pk).status == Assignment.Status.RELEASED
    assert tasks.release_expired() == 0


def test_expired_replies_are_deleted() -> None:
    scene = stage()
    reply = claim_reply(key="k", acting_user=scene.maya, now=timezone.now() - timedelta(days=2))
    keep_reply(reply=reply, request_hash="h", status=201, body="{}")
    claim_reply(key="fresh", acting_user=scene.maya, now=timezone.now())
    assert tasks.forget_kept_replies() == 1
    assert KeptReply.objects.count() == 1


def test_with_nothing_due_the_sweeps_send_nothing() -> None:
    stage(comparisons=1)
    assert tasks.send_due_webhooks() == 0
    assert tasks.sweep_recounts() == 0
