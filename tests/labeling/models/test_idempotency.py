"""Replies kept for retries."""

import pytest
from django.db import IntegrityError, transaction

from labeling.models import KeptReply
from tests.people import NOON, Stage


def test_a_person_has_one_reply_for_a_key_and_others_may_use_the_key_too(scene: Stage) -> None:
    KeptReply.objects.create(user=scene.alice, key_hash="0", expires_at=NOON)
    KeptReply.objects.create(user=scene.bob, key_hash="0", expires_at=NOON)
    with pytest.raises(IntegrityError, match="kept_reply_once"), transaction.atomic():
        KeptReply.objects.create(user=scene.alice, key_hash="0", expires_at=NOON)
