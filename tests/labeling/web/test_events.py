"""The event log on its page and as a download."""

import csv
import json
import re
from io import StringIO
from typing import Any

from labeling.actions.campaigns import change_campaign
from tests.clients import Visiting
from tests.markup import tight
from tests.people import NOON, stage

PAGE = "/campaigns/sums/events/"
EXPORT = "/api/v1/campaigns/sums/events/export/"


def test_a_lead_reads_who_changed_what_from_what_to_what(visiting: Visiting) -> None:
    scene = stage()
    change_campaign(campaign=scene.campaign, overlap=3, allow_tie=False, acting_user=scene.maya, now=NOON)
    page = tight(visiting(scene.ada).get(f"{PAGE}?verb=campaign.changed").content.decode())
    _, _, table = page.partition('data-testid="events"')
    assert "<del><bdi>1</bdi></del>→<bdi>3</bdi>" in page
    assert "<del><bdi>yes</bdi></del>→<bdi>no</bdi>" in page
    assert "Campaign settings changed</a>" in table
    assert "Judgments per comparison:</span>" in table
    assert "Member added" not in table
    assert "maya" in page


def test_events_are_found_by_person_and_day_and_gone_through_page_by_page(visiting: Visiting) -> None:
    scene = stage(comparisons=60)
    scene.settle("a" * 60)
    browser = visiting(scene.maya)
    first = browser.get(f"{PAGE}?actor=alice&since=2026-03-02&until=2026-03-02").content.decode()
    assert first.count(">Judgment made</a>") == 50
    older = re.findall(r'href="\?([^"]*before=[^"]*)"', first)[0].replace("&amp;", "&")
    assert browser.get(f"{PAGE}?{older}").content.decode().count(">Judgment made</a>") == 10
    assert "No matching event" in browser.get(f"{PAGE}?since=2027-01-01").content.decode()


def exported(browser: Any, query: str) -> str:
    answer = browser.get(f"{EXPORT}?{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def test_the_log_is_taken_away_with_pseudonyms_for_names(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    change_campaign(campaign=scene.campaign, name="=cmd()", acting_user=scene.maya, now=NOON)
    browser = visiting(scene.maya)
    lines = exported(browser, "form=jsonl")
    rows = [json.loads(line) for line in lines.splitlines()]
    assert rows[0]["verb"] == "campaign.created"
    assert rows[-1]["verb"] in {"campaign.changed", "campaign.exported"}
    assert {row["actor"] for row in rows} <= {scene.maya.pseudonym, None}
    assert not {"maya", "alice", "bob"} & set(json.dumps(rows).replace('"', " ").split())
    table = list(csv.DictReader(StringIO(exported(browser, "form=csv&verb=campaign.changed"))))
    assert json.loads(table[0]["after"]) == {"name": "=cmd()"}
    assert scene.campaign.events.filter(verb="campaign.exported").count() == 2


def test_a_pseudonymous_campaign_names_leads_and_hides_annotators(visiting: Visiting) -> None:
    scene = stage(comparisons=1, pseudonymous=True)
    scene.settle("a")
    maya, pseudonym = visiting(scene.maya), scene.alice.pseudonym
    assert f">{pseudonym}</bdi>" in maya.get(PAGE).content.decode()
    assert "alice" not in maya.get(PAGE).content.decode()
    assert maya.get(f"{PAGE}?actor={pseudonym}").content.decode().count(">Judgment made</a>") == 1
    assert "No matching event" in maya.get(f"{PAGE}?actor=alice").content.decode()
    assert ">Campaign created</a>" in maya.get(f"{PAGE}?actor=maya").content.decode()
    made = maya.get("/api/v1/campaigns/sums/events/?verb=judgment.made").json()
    assert [row["actor"] for row in made["results"]] == [pseudonym]


def test_people_whom_events_are_about_are_named(visiting: Visiting) -> None:
    page = tight(visiting(stage().maya).get(f"{PAGE}?verb=member.added").content.decode())
    assert "Person:</span><bdi>alice</bdi>" in page


def test_a_wrong_filter_shows_no_event(visiting: Visiting) -> None:
    page = visiting(stage().maya).get(f"{PAGE}?since=2026-13-45").content.decode()
    assert "Enter a valid date." in page
    assert "No matching event" in page
