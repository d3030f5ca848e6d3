"""Codes of an app as the second factor: taken once, limited for the account, sealed in the database."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import encrypt

from common.errors import Invalid, NotAllowed
from labeling.actions.erasure import erase_person
from labeling.actions.second_factor import (
    SecondFactorOff,
    SecondFactorOn,
    check_code,
    has_second_factor,
    must_have_second_factor,
    recovery_codes_left,
    renew_recovery_codes,
    reset_second_factor,
    turn_off_second_factor,
    turn_on_codes,
)
from labeling.models import Event, User
from tests.labeling.authenticator_app import KEY, code_of, with_app
from tests.people import NOON, person

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)


def verbs(user: User) -> list[str]:
    events = Event.objects.filter(subject_type="user", subject_id=str(user.pk)).order_by("pk")
    return [event.verb for event in events][1:]  # the first is the account's own


def test_it_is_turned_on_by_a_right_code_only() -> None:
    alice = person("alice")
    with pytest.raises(Invalid, match="not the app's code"):
        turn_on_codes(user=alice, secret=KEY, code="000000", acting_user=alice, now=NOON)
    assert not has_second_factor(alice)
    assert len(set(with_app(alice))) == 10
    assert has_second_factor(alice)
    assert verbs(alice) == ["user.second_factor_on"]
    with pytest.raises(SecondFactorOn):
        with_app(alice)


def test_a_code_is_taken_once_and_an_older_one_never_again() -> None:
    alice = person("alice")
    with_app(alice)
    assert not check_code(user=alice, code=code_of(KEY, NOON), now=NOON).used  # it turned it on
    code = code_of(KEY, LATER)
    assert check_code(user=alice, code=f"{code[:3]} {code[3:]}", now=LATER).used == "totp"
    assert not check_code(user=alice, code=code, now=LATER).used
    assert not check_code(user=alice, code=code_of(KEY, LATER - timedelta(seconds=30)), now=LATER).used
    assert check_code(user=alice, code=code_of(KEY, LATER + timedelta(seconds=30)), now=LATER).used == "totp"


def test_a_recovery_code_is_taken_once() -> None:
    alice = person("alice")
    codes = with_app(alice)
    assert check_code(user=alice, code=codes[3], now=LATER).used == "recovery_codes"
    assert not check_code(user=alice, code=codes[3], now=LATER).used
    assert recovery_codes_left(alice) == 9


def test_new_recovery_codes_replace_the_old_ones() -> None:
    alice = person("alice")
    old = with_app(alice)
    new = renew_recovery_codes(user=alice, acting_user=alice, now=LATER)
    assert not check_code(user=alice, code=old[0], now=LATER).used
    assert check_code(user=alice, code=new[0], now=LATER).used
    assert "user.recovery_codes_renewed" in verbs(alice)


def test_wrong_codes_lead_to_a_wait_that_doubles_and_a_right_one_ends_it() -> None:
    alice = person("alice")
    with_app(alice)
    now = LATER
    assert [check_code(user=alice, code="000000", now=now).wait for _ in range(6)] == [0, 0, 0, 0, 0, 15]
    assert check_code(user=alice, code=code_of(KEY, now), now=now).wait == 15  # the right one has to wait too
    now += timedelta(seconds=15)
    assert check_code(user=alice, code="000000", now=now).wait == 0
    assert check_code(user=alice, code="000000", now=now).wait == 30
    for _ in range(12):
        now += timedelta(hours=1)
        check_code(user=alice, code="000000", now=now)
    assert check_code(user=alice, code="000000", now=now).wait == 900
    assert verbs(alice).count("user.code_failed") == 18
    now += timedelta(hours=1)
    assert check_code(user=alice, code=code_of(KEY, now), now=now).used
    assert check_code(user=alice, code="000000", now=now).wait == 0


def test_the_key_lies_sealed_and_outlives_a_change_of_the_secret_key(settings: Any) -> None:
    alice = person("alice")
    codes = with_app(alice)
    first = settings.SECRET_KEY
    assert KEY not in str(list(Authenticator.objects.values()))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 9, [first]
    assert check_code(user=alice, code=code_of(KEY, LATER), now=LATER).used
    settings.SECRET_KEY_FALLBACKS = []
    now = LATER + timedelta(minutes=5)
    assert check_code(user=alice, code=code_of(KEY, now), now=now).used  # sealed anew by the sign-in before
    assert check_code(user=alice, code=codes[1], now=now).used
    settings.SECRET_KEY = "a third" * 9
    now += timedelta(minutes=5)
    assert not check_code(user=alice, code=code_of(KEY, now), now=now).used
    of_nothing = RecoveryCodes(Authenticator(data={"seed": encrypt(""), "used_mask": 0}))
    for guess in (codes[0], *of_nothing.generate_codes()[:2]):
        assert not check_code(user=alice, code=guess, now=now).used


def test_a_recovery_code_seals_the_key_of_the_app_too_and_spoils_none_that_nothing_opens(settings: Any) -> None:
    alice = person("alice")
    codes = with_app(alice)
    first, second = settings.SECRET_KEY, "another" * 9
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = second, [first]
    assert check_code(user=alice, code=codes[0], now=LATER).used == "recovery_codes"
    settings.SECRET_KEY_FALLBACKS = []
    assert check_code(user=alice, code=code_of(KEY, LATER), now=LATER).used == "totp"
    app = Authenticator.objects.get(user=alice, type="totp")
    settings.SECRET_KEY = first
    app.data["secret"] = encrypt(KEY)
    app.save()
    settings.SECRET_KEY = second
    assert check_code(user=alice, code=codes[1], now=LATER).used == "recovery_codes"
    settings.SECRET_KEY_FALLBACKS = [first]
    now = LATER + timedelta(minutes=5)
    assert check_code(user=alice, code=code_of(KEY, now), now=now).used == "totp"


def test_turned_off_it_is_gone_with_its_recovery_codes() -> None:
    alice = person("alice")
    with_app(alice)
    turn_off_second_factor(user=alice, acting_user=alice, now=LATER)
    assert not has_second_factor(alice)
    assert not Authenticator.objects.exists()
    assert verbs(alice) == ["user.second_factor_on", "user.second_factor_off"]
    for act in (turn_off_second_factor, renew_recovery_codes):
        with pytest.raises(SecondFactorOff):
            act(user=alice, acting_user=alice, now=LATER)


def test_only_an_admin_resets_it_for_others() -> None:
    alice, maya, root = person("alice"), person("maya", "lead"), person("root", "admin")
    with_app(alice)
    with pytest.raises(NotAllowed):
        reset_second_factor(user=alice, acting_user=maya, now=LATER)
    with_app(root)
    with pytest.raises(NotAllowed, match="with your password or a code"):  # an open browser alone is not enough
        reset_second_factor(user=root, acting_user=root, now=LATER)
    reset_second_factor(user=alice, acting_user=root, now=LATER)
    assert not has_second_factor(alice)
    assert Event.objects.get(verb="user.second_factor_reset").actor == root


def test_the_setting_says_of_whom_it_is_demanded(settings: Any) -> None:
    people = [person("alice"), person("maya", "lead"), person("root", "admin")]
    expected = {"off": [False] * 3, "optional": [False] * 3, "leads": [False, True, True], "all": [True] * 3}
    for setting, demanded in expected.items():
        settings.SECOND_FACTOR = setting
        assert [must_have_second_factor(one) for one in people] == demanded
    with_app(people[0])
    settings.SECOND_FACTOR = "off"
    assert not has_second_factor(people[0])


def test_an_erasure_forgets_it() -> None:
    alice = person("alice")
    with_app(alice)
    erase_person(person=alice, confirmation="alice", acting_user=alice, now=LATER)
    assert not Authenticator.objects.exists()
