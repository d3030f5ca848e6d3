"""The log of all campaigns, accounts and tokens: its page, its list in the API and its download."""

import csv
import json
import re
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from labeling.actions.accounts import change_password
from labeling.actions.campaigns import change_campaign, create_campaign
from labeling.actions.erasure import erase_person
from labeling.actions.people import create_token
from labeling.actions.sign_ins import note_failure, note_sign_in
from labeling.events.record import record
from labeling.models import Event
from labeling.queries.records import filtered_events
from tests.clients import Visiting
from tests.labeling.web.test_events import exported, sentences
from tests.people import NOON, PASSWORD, Stage, person, stage

PAGE, API, EXPORT = "/events/", "/api/v1/events/", "/api/v1/events/export/"


@pytest.fixture
def scene() -> Stage:
    """A campaign, a second one with pseudonyms, and acts outside of both."""
    scene = stage(comparisons=1)
    scene.settle("a")
    return scene


def shown(browser: Client, query: str = "") -> str:
    page = browser.get(f"{PAGE}?{query}")
    assert page.status_code == 200
    return sentences(page.content.decode())


def test_an_admin_reads_what_happened_to_accounts_and_in_campaigns(scene: Stage, visiting: Visiting) -> None:
    note_sign_in(user=scene.alice, network="192.0.2.1", means={}, now=NOON)
    note_failure(username="bob", now=NOON)
    create_token(user=scene.alice, name="laptop", acting_user=scene.alice, now=NOON)
    text = shown(visiting(scene.root))
    assert "alice signed in" in text
    assert "A sign-in as bob failed" in text
    assert re.search(r"alice created the API token \d+", text)
    assert "laptop" not in text
    assert "alice judged comparison" in text
    assert scene.campaign.name in text
    assert scene.alice.pseudonym not in text


@pytest.mark.parametrize("who", ["maya", "alice"])
def test_nobody_else_reads_it(scene: Stage, visiting: Visiting, who: str) -> None:
    browser = visiting(getattr(scene, who))
    assert [browser.get(path).status_code for path in (PAGE, API, EXPORT)] == [403] * 3
    assert not Event.objects.filter(verb="events.exported").exists()


def test_events_are_found_by_person_verb_campaign_and_day(scene: Stage, visiting: Visiting) -> None:
    note_failure(username="alice", now=NOON)
    note_failure(username="bob", now=NOON)
    other = create_campaign(name="Other", slug="other", acting_user=scene.maya, now=NOON)
    browser = visiting(scene.root)
    own = shown(browser, "actor=alice")
    assert "A sign-in as alice failed" in own  # nobody's act, about her account
    assert "alice judged comparison" in own
    assert "bob" not in own
    assert shown(browser, "verb=user.sign_in_failed").count("failed") == 2
    assert "created the campaign Other" in shown(browser, f"campaign={other.slug}")
    assert "sign-in" not in shown(browser, f"campaign={other.slug}")
    assert "No matching event" in browser.get(f"{PAGE}?since=2027-01-01").content.decode()
    assert "No matching event" in browser.get(f"{PAGE}?campaign=none").content.decode()


def test_the_log_is_gone_through_page_by_page(scene: Stage, visiting: Visiting) -> None:
    for _ in range(60):
        note_failure(username="bob", now=NOON)
    browser = visiting(scene.root)
    first: Any = browser.get(f"{PAGE}?verb=user.sign_in_failed")
    assert len(first.context["entries"]) == 50
    second: Any = browser.get(f"{PAGE}?{first.context['older']}")
    assert len(second.context["entries"]) == 10


def test_pseudonyms_of_a_campaign_hold_beside_the_names_of_accounts(scene: Stage, visiting: Visiting) -> None:
    change_campaign(campaign=scene.campaign, pseudonymous=True, acting_user=scene.maya, now=NOON)
    change_password(user=scene.alice, password=PASSWORD + "2", acting_user=scene.alice, now=NOON)
    pseudonym, browser = scene.alice.pseudonym, visiting(scene.root)
    text = shown(browser)
    assert f"{pseudonym} judged comparison" in text
    assert "alice judged" not in text
    assert "changed the password of alice" in text
    assert "judged" not in shown(browser, "actor=alice")
    assert "password" not in shown(browser, f"actor={pseudonym}")  # or the two would be known as one
    assert "judged" in shown(browser, f"actor={pseudonym}")
    listed = browser.get(f"{API}?page_size=500").json()["results"]
    of_accounts = [row for row in listed if row["campaign"] is None]
    assert of_accounts
    assert pseudonym not in json.dumps(of_accounts)
    assert {row["actor"] for row in listed if row["verb"] == "judgment.made"} >= {pseudonym}


@pytest.fixture
def in_both(scene: Stage) -> Stage:
    """Alice in a campaign that shows names, and in a pseudonymous one."""
    hidden = create_campaign(name="Hidden", slug="hidden", acting_user=scene.maya, now=NOON)
    change_campaign(campaign=hidden, pseudonymous=True, acting_user=scene.maya, now=NOON)
    about = {"person": scene.alice.pseudonym}
    for campaign in (scene.campaign, hidden):
        record("guidelines.read", campaign, acting_user=scene.alice, now=NOON, campaign=campaign, after=about)
    record("user.created", scene.alice, acting_user=scene.root, now=NOON, after=about)
    return scene


def test_names_of_one_campaign_are_not_put_into_a_pseudonymous_one(in_both: Stage, visiting: Visiting) -> None:
    page: Any = visiting(in_both.root).get(f"{PAGE}?verb=guidelines.read")
    assert {
        entry.event.campaign.slug: (entry.event.actor_name, *(change.after for change in entry.changes))
        for entry in page.context["entries"]
    } == {"sums": ("alice", "alice"), "hidden": (in_both.alice.pseudonym, in_both.alice.pseudonym)}


def test_the_list_and_the_download_say_the_same_and_neither_has_a_name_by_a_pseudonym(
    in_both: Stage, visiting: Visiting
) -> None:
    browser, pseudonym = visiting(in_both.root), in_both.alice.pseudonym
    listed = browser.get(f"{API}?page_size=500").json()["results"]
    downloaded = [json.loads(line) for line in exported(browser, "form=jsonl", EXPORT).splitlines()]
    said = ("id", "actor", "verb", "subject_id", "before", "after", "campaign")
    assert [[row[name] for name in said] for row in downloaded if row["verb"] != "events.exported"] == [
        [row[name] for name in said] for row in reversed(listed)
    ]
    assert {row["campaign"] for row in listed if pseudonym in json.dumps(row)} == {"hidden"}
    assert "alice" not in json.dumps([row for row in listed if row["campaign"] == "hidden"])
    of_alice = exported(browser, "form=jsonl&actor=alice", EXPORT)
    assert '"actor":"alice"' in of_alice
    assert pseudonym not in of_alice


def test_what_the_platform_does_after_gold_in_a_pseudonymous_campaign_is_not_told(
    scene: Stage, visiting: Visiting
) -> None:
    membership = scene.campaign.memberships.get(user=scene.alice)
    record("member.warned", membership, acting_user=None, now=NOON, campaign=scene.campaign)
    browser = visiting(scene.root)
    assert "warned" in shown(browser)
    change_campaign(campaign=scene.campaign, pseudonymous=True, acting_user=scene.maya, now=NOON)
    assert "warned" not in shown(browser)


def test_an_erased_person_has_a_pseudonym_in_it(scene: Stage, visiting: Visiting) -> None:
    note_sign_in(user=scene.charlie, network="192.0.2.1", means={}, now=NOON)
    pseudonym = scene.charlie.pseudonym
    erase_person(person=scene.charlie, confirmation="charlie", acting_user=scene.root, now=NOON)
    text = shown(visiting(scene.root))
    assert f"{pseudonym} signed in" in text
    assert f"root erased {pseudonym}" in text
    assert "charlie" not in text


def test_the_api_lists_them_with_their_campaigns(scene: Stage, visiting: Visiting) -> None:
    note_failure(username="bob", now=NOON)
    browser = visiting(scene.root)
    (failed,) = browser.get(f"{API}?verb=user.sign_in_failed").json()["results"]
    assert (failed["actor"], failed["campaign"], failed["subject_id"]) == (None, None, str(scene.bob.pk))
    made = browser.get(f"{API}?campaign=sums&verb=judgment.made").json()["results"]
    assert {row["campaign"] for row in made} == {"sums"}


def test_the_download_has_the_names_of_the_list_and_is_an_event(scene: Stage, visiting: Visiting) -> None:
    create_token(user=scene.alice, name="=cmd()", acting_user=scene.alice, now=NOON)
    browser = visiting(scene.root)
    answer: Any = browser.get(f"{EXPORT}?form=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="events.csv"'
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))
    assert {row["campaign"] for row in rows} == {"", "sums"}
    assert {"alice", ""} <= {row["actor"] for row in rows}
    assert scene.alice.pseudonym not in json.dumps(rows)
    event = Event.objects.get(verb="events.exported")
    assert (event.actor, event.after) == (scene.root, {"dialect": "events, csv"})
    lines = exported(browser, "form=jsonl&verb=token.created", EXPORT)
    assert [json.loads(line)["verb"] for line in lines.splitlines()] == ["token.created"]
    assert "root exported the event log" in shown(browser)


def test_events_of_a_person_are_found_by_indexes(scene: Stage) -> None:
    with connection.cursor() as cursor:
        for other in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{other} = off")
        plan = filtered_events(None, actor="alice").explain()
    assert "BitmapOr" in plan  # whose indexes are, beside that of actors, is up to the statistics


def test_another_admin_is_told_of_the_page_by_the_status(visiting: Visiting) -> None:
    assert 'href="/events/"' in visiting(person("ines", role="admin")).get("/status/").content.decode()
