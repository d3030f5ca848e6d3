"""Sessions: noted now and then, listed, ended."""

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labeling.models import BrowserSession
from tests.clients import Visiting, text_of
from tests.people import PASSWORD, person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"


def test_a_session_is_noted_at_its_first_request_and_not_at_each(visiting: Visiting) -> None:
    client = visiting(person("alice"))
    client.get("/you/", headers={"User-Agent": FIREFOX})
    assert BrowserSession.objects.get().user_agent == FIREFOX
    with CaptureQueriesContext(connection) as queries:
        client.get("/glossary/")
    assert not [query for query in queries if "browsersession" in query["sql"]]


def test_signing_in_again_makes_a_session_of_its_own(visiting: Visiting) -> None:
    person("alice")
    for _ in range(2):
        client = Client()
        client.post("/login/", {"username": "alice", "password": PASSWORD}, follow=True)
    assert BrowserSession.objects.count() == 2


def test_sessions_are_listed_and_ended(visiting: Visiting) -> None:
    alice = person("alice")
    here, laptop, phone = (visiting(alice) for _ in range(3))
    for client in (laptop, phone):
        client.get("/you/", headers={"User-Agent": FIREFOX})
    page = text_of(here, "/you/")
    assert page.count("Firefox on Linux</b>") == 2
    assert page.count("this browser") == 1
    number = re.findall(r'name="session" value="(\d+)"', page)[0]
    assert "1 session has ended" in here.post("/you/sessions/end/", {"session": number}, follow=True).content.decode()
    assert sorted(client.get("/you/").status_code for client in (laptop, phone)) == [200, 302]
    here.post("/you/sessions/end/", {"others": "yes"})
    assert [client.get("/you/").status_code for client in (here, laptop, phone)] == [200, 302, 302]
    assert "no other session" in here.post("/you/sessions/end/", {"others": "yes"}, follow=True).content.decode()


def test_nobody_ends_the_session_of_somebody_else(visiting: Visiting) -> None:
    bob, alice = visiting(person("bob")), visiting(person("alice"))
    bob.get("/you/")
    alice.post("/you/sessions/end/", {"session": str(BrowserSession.objects.get().pk)})
    assert bob.get("/you/").status_code == 200


def test_a_judgment_does_not_wait_for_it(visiting: Visiting) -> None:
    visiting(person("alice")).post("/api/v1/assignments/1/judgment/", {}, content_type="application/json")
    assert not BrowserSession.objects.exists()
