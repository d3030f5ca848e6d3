"""Signatures that Standard Webhooks' own library accepts."""

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from common.outgoing.webhook_signatures import PREFIX, new_secret, signed_headers

BODY = b'{"type":"judgment.undone"}'


def test_each_secret_signs_and_another_one_does_not_verify() -> None:
    first, second, other = new_secret(), new_secret(), new_secret()
    headers = signed_headers("msg_1", int(datetime.now(UTC).timestamp()), BODY, [first, second])
    for secret in (first, second):
        assert Webhook(secret).verify(BODY, headers) == {"type": "judgment.undone"}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(first).verify(BODY + b" ", headers)


def test_a_secret_has_256_bits_or_is_made_of_its_seed() -> None:
    assert len(base64.b64decode(new_secret().removeprefix(PREFIX))) == 32
    assert new_secret("0123abcd") == new_secret("0123abcd") == "whsec_0123abcd"
