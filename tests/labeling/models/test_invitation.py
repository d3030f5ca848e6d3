"""The tokens and uses of invitations."""

import hashlib

import pytest
from django.db import IntegrityError, transaction

from labeling.models import Invitation
from tests.people import NOON, Stage


def test_a_token_is_random_and_stored_as_a_hash() -> None:
    assert Invitation.new_token() != Invitation.new_token()
    assert Invitation.hash_token("t") == hashlib.sha256(b"t").hexdigest()


def test_an_invitation_is_never_used_more_often_than_it_allows(scene: Stage) -> None:
    invitation = Invitation.objects.create(
        campaign=scene.campaign, token_hash="0", max_uses=1, uses=1, expires_at=NOON, created_at=NOON
    )
    invitation.uses = 2
    with pytest.raises(IntegrityError, match="invitation_not_used_too_often"), transaction.atomic():
        invitation.save()
    invitation.max_uses = None
    invitation.save()
