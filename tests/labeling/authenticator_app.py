"""An authenticator app: it knows a key, and shows a code for each half minute (RFC 6238)."""

import hashlib
import hmac
from base64 import b32decode
from datetime import datetime

from labeling.actions.second_factor import turn_on_codes
from labeling.models import User
from tests.people import NOON

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(key: str, now: datetime) -> str:
    """The code that the app shows at that time."""
    counter = int(now.timestamp()) // 30
    digest = hmac.new(b32decode(key), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def with_app(user: User, now: datetime = NOON) -> list[str]:
    """Turns the app's codes on for somebody; returns the recovery codes."""
    return turn_on_codes(user=user, secret=KEY, code=code_of(KEY, now), acting_user=user, now=now)
