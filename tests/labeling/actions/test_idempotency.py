"""Replies kept for retries: one row for each key of a person, for a day."""

from datetime import timedelta

from labeling.actions.idempotency import KEPT_FOR, claim_reply, forget_replies, keep_reply
from labeling.models import KeptReply
from tests.people import stage


def test_a_retry_finds_the_reply_and_another_person_does_not() -> None:
    scene = stage()
    fresh = claim_reply(key="k", acting_user=scene.maya, now=scene.now)
    assert fresh.status == 0
    keep_reply(reply=fresh, request_hash="h", status=201, body='{"id": 1}')
    retry = claim_reply(key="k", acting_user=scene.maya, now=scene.now)
    assert (retry.pk, retry.status, retry.request_hash, retry.body) == (fresh.pk, 201, "h", '{"id": 1}')
    assert claim_reply(key="k", acting_user=scene.ada, now=scene.now).status == 0


def test_after_a_day_a_key_is_new_again_and_old_replies_are_deleted() -> None:
    scene = stage()
    keep_reply(
        reply=claim_reply(key="k", acting_user=scene.maya, now=scene.now), request_hash="h", status=201, body="{}"
    )
    later = scene.now + KEPT_FOR
    assert claim_reply(key="k", acting_user=scene.maya, now=later).status == 0
    assert forget_replies(now=later) == 0
    assert forget_replies(now=later + timedelta(days=2)) == 1
    assert not KeptReply.objects.exists()


def test_the_key_itself_is_not_stored() -> None:
    scene = stage()
    row = claim_reply(key="secret-key", acting_user=scene.maya, now=scene.now)
    assert "secret-key" not in str(vars(row))
    assert len(row.key_hash) == 64
