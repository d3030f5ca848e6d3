"""Guessing passwords or tokens leads to a wait, on every way in; other people notice nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from common import buckets
from labeling.actions.sign_ins import forget_sign_ins
from labeling.models import Event, KnownPlace, SignInBucket
from tests.people import NOON, PASSWORD, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that a test moves on, and buckets of tokens that nobody has taken from."""
    time = {"now": 1000.0}
    monkeypatch.setattr("labeling.signing_in.timezone.now", lambda: NOON + timedelta(seconds=time["now"]))
    monkeypatch.setattr("labeling.api.authentication.BUCKETS", buckets.Buckets())
    monkeypatch.setattr("labeling.api.authentication.clock", lambda: time["now"])
    return time


def sign_in(name: str, password: str, *, path: str = "/login/", address: str = "192.0.2.1", **headers: str) -> Any:
    return Client(REMOTE_ADDR=address).post(path, {"username": name, "password": password}, headers=headers)


def test_after_five_failures_even_the_right_password_has_to_wait(clock: Any) -> None:
    stage()
    assert {sign_in("alice", "wrong").status_code for _ in range(5)} == {200}
    refused = sign_in("alice", PASSWORD)
    assert (refused.status_code, refused["Retry-After"]) == (429, "12")
    assert "Wait 12 seconds" in refused.content.decode()
    # Neither somebody else at the same address nor the same person elsewhere is kept out.
    assert sign_in("bob", PASSWORD).status_code == 302
    assert sign_in("alice", PASSWORD, address="192.0.2.2").status_code == 302
    clock["now"] += 12
    assert sign_in("alice", PASSWORD).status_code == 302


def test_djangos_admin_is_no_way_round(clock: Any) -> None:
    scene = stage()
    browser = Client()
    for _ in range(2):
        answer = browser.post("/admin/login/?next=/admin/labeling/user/", {"username": "root", "password": PASSWORD})
        assert answer.headers["Location"] == "/login/?next=/admin/labeling/user/"
    assert browser.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"  # nobody is signed in
    for user, place in ((scene.root, "/admin/"), (scene.maya, "/")):
        browser.force_login(user)
        assert browser.get("/admin/login/?next=/admin/").headers["Location"] == place


def test_who_succeeds_uses_nothing_up(clock: Any) -> None:
    stage()
    assert {sign_in("alice", PASSWORD).status_code for _ in range(8)} == {302}


def test_one_address_that_tries_many_names_has_to_wait_too(clock: Any) -> None:
    stage()
    for number in range(30):
        assert sign_in(f"name-{number}", "wrong").status_code == 200
    assert sign_in("alice", PASSWORD).status_code == 429


def test_behind_a_proxy_the_address_is_the_one_the_proxy_has_added(clock: Any, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    stage()
    for number in range(5):
        sign_in("alice", "wrong", **{"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.7"})
    assert sign_in("alice", PASSWORD, **{"X-Forwarded-For": "203.0.113.99, 198.51.100.7"}).status_code == 429
    assert sign_in("alice", PASSWORD, **{"X-Forwarded-For": "198.51.100.8"}).status_code == 302


@pytest.mark.parametrize("entry", ["198.51.100.7:{}", "::ffff:198.51.100.7", "[::ffff:198.51.100.7]:{}"])
def test_however_a_proxy_writes_an_address_it_is_the_same_one(clock: Any, settings: Any, entry: str) -> None:
    settings.BEHIND_PROXY = True
    stage()
    for number in range(5):
        sign_in("alice", "wrong", **{"X-Forwarded-For": entry.format(4000 + number)})
    assert sign_in("alice", PASSWORD, **{"X-Forwarded-For": "198.51.100.7"}).status_code == 429
    assert sign_in("alice", PASSWORD, **{"X-Forwarded-For": "::ffff:198.51.100.8"}).status_code == 302


def test_a_forwarded_address_that_is_none_is_that_of_the_proxy(clock: Any, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    stage()
    for number in range(5):
        sign_in("alice", "wrong", **{"X-Forwarded-For": f"unknown-{number}"})
    assert sign_in("alice", PASSWORD).status_code == 429


def test_addresses_of_ipv4_in_the_clothes_of_ipv6_are_no_single_network(clock: Any) -> None:
    stage()
    for _ in range(5):
        sign_in("alice", "wrong", address="::ffff:203.0.113.9")
    assert sign_in("alice", PASSWORD, address="203.0.113.9").status_code == 429
    assert sign_in("alice", PASSWORD, address="::ffff:203.0.113.10").status_code == 302


def test_tokens_that_are_none_are_a_problem_that_says_how_long_to_wait(clock: Any, settings: Any) -> None:
    settings.SIGN_IN_LIMITS = {**settings.SIGN_IN_LIMITS, "token": 3}
    client = Client(headers={"Authorization": "Bearer chosen_guess"})
    answers = [client.get("/api/v1/me/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert (answers[-1].json()["type"], answers[-1]["Retry-After"]) == ("/problems/throttled", "20")


def test_a_limit_of_zero_is_none(clock: Any, settings: Any) -> None:
    settings.SIGN_IN_LIMITS = dict.fromkeys(settings.SIGN_IN_LIMITS, 0)
    stage()
    assert {sign_in("alice", "wrong").status_code for _ in range(40)} == {200}


def test_addresses_of_one_ipv6_network_count_together(clock: Any) -> None:
    stage()
    for number in range(5):
        assert sign_in("alice", "wrong", address=f"2001:db8:0:7:{number:x}::1").status_code == 200
    assert sign_in("alice", PASSWORD, address="2001:db8:0:7:ffff::2").status_code == 429
    assert sign_in("alice", PASSWORD, address="2001:db8:0:8::1").status_code == 302


def test_guesses_at_one_account_from_many_networks_have_to_wait_and_its_owner_at_a_known_place_has_not(
    clock: Any,
) -> None:
    stage()
    assert sign_in("alice", PASSWORD, address="192.0.2.1").status_code == 302
    seen = [sign_in("alice", "wrong", address=f"198.51.100.{number}").status_code for number in range(25)]
    assert seen == [200] * 20 + [429] * 5
    assert sign_in("alice", PASSWORD, address="198.51.100.99").status_code == 429
    assert sign_in("alice", PASSWORD, address="192.0.2.1").status_code == 302


def test_a_colleagues_failures_keep_nobody_out_who_is_known_in_their_network(clock: Any) -> None:
    stage()
    assert sign_in("alice", PASSWORD).status_code == 302
    for number in range(30):
        sign_in(f"name-{number}", "wrong")
    assert sign_in("bob", PASSWORD).status_code == 429  # never seen here
    assert sign_in("alice", PASSWORD).status_code == 302


def test_sign_ins_failures_and_sign_outs_are_in_the_log_without_the_address(clock: Any) -> None:
    scene = stage()
    browser = Client(REMOTE_ADDR="192.0.2.77")
    for password in ("wrong", PASSWORD):
        browser.post("/login/", {"username": "alice", "password": password})
    browser.post("/logout/")
    sign_in("nobody", "wrong")
    events = list(Event.objects.filter(verb__startswith="user.sign", subject_id=str(scene.alice.pk)).order_by("pk"))
    assert [event.verb for event in events] == ["user.sign_in_failed", "user.signed_in", "user.signed_out"]
    assert [event.actor for event in events] == [None, scene.alice, scene.alice]
    assert events[1].after == {"new_place": True}
    assert "192.0.2" not in str([*Event.objects.values(), *KnownPlace.objects.values(), *SignInBucket.objects.values()])


def test_what_is_known_about_sign_ins_is_forgotten(clock: Any) -> None:
    stage()
    sign_in("bob", "wrong")
    sign_in("alice", PASSWORD)
    now = NOON + timedelta(seconds=clock["now"])
    assert forget_sign_ins(now=now) == 0
    assert forget_sign_ins(now=now + timedelta(days=91)) == 6
    assert not KnownPlace.objects.exists()
