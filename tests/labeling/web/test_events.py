"""The event log on its page and as a download."""

import csv
import json
import re
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import quote

from django.utils import translation

from labeling.actions.campaigns import change_campaign
from labeling.actions.invitations import accept_invitation, create_invitation
from labeling.actions.members import pause_member
from labeling.events.types import payload
from labeling.judging.acts import undo_judgment
from labeling.models import EarlierEvent, Event
from labeling.queries.campaign_record import record_lines
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.markup import tight
from tests.people import NOON, person, stage
from training.actions.gate import decide_by_rule
from training.actions.retraining import save_retraining_rule
from training.claims import record_end
from training.models import JobStatus

PAGE = "/campaigns/sums/events/"
EXPORT = "/api/v1/campaigns/sums/events/export/"


def sentences(page: str) -> str:
    """The words of the table, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition('data-testid="events"')[2]).split())


def test_a_lead_reads_who_changed_what_from_what_to_what(visiting: Visiting) -> None:
    scene = stage()
    change_campaign(campaign=scene.campaign, overlap=3, allow_tie=False, acting_user=scene.maya, now=NOON)
    page = tight(visiting(scene.ada).get(f"{PAGE}?verb=campaign.changed").content.decode())
    _, _, table = page.partition('data-testid="events"')
    assert "<del><bdi>1</bdi></del>→<bdi>3</bdi>" in page
    assert "<del><bdi>yes</bdi></del>→<bdi>no</bdi>" in page
    assert "<bdi>maya</bdi></a>changed the settings of<a" in table
    assert "Judgments per comparison:</span>" in table
    assert "to the campaign" not in table


def test_many_changed_values_are_named_before_they_are_shown(visiting: Visiting) -> None:
    scene = stage()
    changes: dict[str, Any] = {
        "overlap": 3,
        "allow_tie": False,
        "allow_skip": False,
        "allow_edit": True,
        "prefetch": 4,
        "undo_seconds": 60,
    }
    change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=NOON, **changes)
    page = visiting(scene.maya).get(f"{PAGE}?verb=campaign.changed").content.decode()
    summary = re.search(r"<summary>(.*?)</summary>", page)
    assert summary is not None
    assert summary[1].endswith(", 3 more values")
    assert "Judgments per comparison" in summary[1]


def test_events_are_found_by_person_and_day_and_gone_through_page_by_page(visiting: Visiting) -> None:
    scene = stage(comparisons=60)
    scene.settle("a" * 60)
    browser = visiting(scene.maya)
    first = browser.get(f"{PAGE}?actor=alice&since=2026-03-02&until=2026-03-02").content.decode()
    assert sentences(first).count("alice judged comparison") == 50
    older = re.findall(r'href="\?([^"]*before=[^"]*)"', first)[0].replace("&amp;", "&")
    second = browser.get(f"{PAGE}?{older}").content.decode()
    assert sentences(second).count("alice judged comparison") == 10
    assert "Show newest" in second
    assert "No matching event" in browser.get(f"{PAGE}?since=2027-01-01").content.decode()


def exported(browser: Any, query: str, address: str = EXPORT) -> str:
    answer = browser.get(f"{address}?{query}")
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
    own = maya.get(f"{PAGE}?actor={pseudonym}").content.decode()
    assert sentences(own).count(f"{pseudonym} judged comparison") == 1
    assert "No matching event" in maya.get(f"{PAGE}?actor=alice").content.decode()
    assert "maya created the campaign Sums" in sentences(maya.get(f"{PAGE}?actor=maya").content.decode())
    made = maya.get("/api/v1/campaigns/sums/events/?verb=judgment.made").json()
    assert [row["actor"] for row in made["results"]] == [pseudonym]


def test_people_whom_events_are_about_are_named(visiting: Visiting) -> None:
    page = visiting(stage().maya).get(f"{PAGE}?verb=member.added").content.decode()
    assert "maya added alice to the campaign" in sentences(page)


def test_what_was_flagged_skipped_or_undone_is_said(visiting: Visiting) -> None:
    scene = stage(comparisons=3, undo_seconds=600)
    scene.judge(scene.given(scene.alice), "skip", flag="harm")
    scene.judge(scene.given(scene.alice), "skip")
    last = scene.given(scene.alice)
    scene.judge(last, "left")
    undo_judgment(assignment=last, acting_user=scene.alice, now=scene.now)
    page = sentences(visiting(scene.maya).get(PAGE).content.decode())
    assert re.search(r"alice flagged comparison \d+ Reported as: ", page)
    assert re.search(r"alice skipped comparison \d+", page)
    assert re.search(r"alice undid the judgment of comparison \d+", page)
    assert "Choice: Skipped" not in page
    assert "Majority of the judgments" not in page


def test_what_an_event_left_as_it_was_is_not_listed(visiting: Visiting) -> None:
    scene = stage()
    job = furnish(scene).finished
    record_end(job, JobStatus.FINISHED, now=NOON)
    for needed in (30, 40):
        save_retraining_rule(
            campaign=scene.campaign,
            enabled=True,
            min_fresh_verdicts=needed,
            cron="0 3 * * 1",
            acting_user=scene.maya,
            now=NOON,
        )
    maya = visiting(scene.maya)
    finished = sentences(maya.get(f"{PAGE}?verb=run.finished").content.decode())
    assert f"Run {job.pk} finished" in finished
    assert "Error" not in finished
    rule = sentences(maya.get(f"{PAGE}?verb=retraining_rule.saved").content.decode())
    assert "When: Every week (Monday), 03:00" in rule  # once, where it was set
    assert rule.count("When:") == 1
    assert "Fresh verdicts needed: 30 → 40" in rule


def test_a_sentence_with_figures_is_in_the_language_of_whoever_reads_it(visiting: Visiting) -> None:
    scene = stage()
    furnished = furnish(scene)
    with translation.override("de"):
        decide_by_rule(run=furnished.finished, version=furnished.two, now=NOON)
    event = scene.campaign.events.latest("pk")
    assert (
        event.after["reason"] == "Held back: automatic promotion has been switched off."
    )  # the API's and the webhooks' is English
    maya = visiting(scene.maya)
    german = maya.get(PAGE, headers={"Accept-Language": "de"}).content.decode()
    assert "Zurückgehalten: Das automatische Einsetzen wurde ausgeschaltet." in sentences(german)
    assert event.after["reason"] in sentences(maya.get(PAGE).content.decode())


def test_a_wrong_filter_shows_no_event(visiting: Visiting) -> None:
    page = visiting(stage().maya).get(f"{PAGE}?since=2026-13-45").content.decode()
    assert "Enter a valid date." in page
    assert "No matching event" in page


def test_the_page_counts_the_events_from_before_an_import(visiting: Visiting) -> None:
    scene = stage()
    assert "from before its import" not in visiting(scene.maya).get(PAGE).content.decode()
    for _ in range(2):
        EarlierEvent.objects.create(campaign=scene.campaign, at=NOON, verb="campaign.created", actor="Quiet Heron 1")
    assert "brought 2 events from before its import" in tight(visiting(scene.maya).get(PAGE).content.decode())


def test_no_event_tells_whose_pseudonym_is_whose(visiting: Visiting) -> None:
    scene = stage(comparisons=1, pseudonymous=True)
    scene.settle("a")
    bob = scene.bob
    pause_member(campaign=scene.campaign, user=bob, acting_user=scene.maya, now=NOON)
    scene.campaign.memberships.filter(user=bob).update(judged=3, gold_total=2)
    later = NOON + timedelta(days=1)
    _, link = create_invitation(campaign=scene.campaign, expires_at=later, acting_user=scene.maya, now=NOON)
    eve = person("eve")
    accept_invitation(token=link, acting_user=eve, now=NOON)
    maya = visiting(scene.maya)
    about = ("member.added", "member.paused", "invitation.accepted")
    listed = [
        row for verb in about for row in maya.get(f"/api/v1/campaigns/sums/events/?verb={verb}").json()["results"]
    ]
    assert {row["verb"] for row in listed} == set(about)
    assert {row["subject_id"] for row in listed} == {""}
    assert not any("person" in row["after"] for row in listed)
    assert {row["actor"] for row in listed} == {None, "maya"}  # in the order of the list of members otherwise
    assert not maya.get(f"/api/v1/campaigns/sums/events/?actor={quote(eve.pseudonym)}").json()["results"]
    page = maya.get(PAGE).content.decode()
    assert "Somebody joined the campaign" in sentences(page)
    exported = b"".join(maya.get(f"{EXPORT}?form=jsonl")).decode() + page
    exported += "".join(map(str, record_lines(scene.campaign)))
    assert bob.pseudonym not in exported
    assert eve.pseudonym not in exported
    member = next(
        row for row in maya.get("/api/v1/campaigns/sums/members/").json()["results"] if row["username"] == "bob"
    )
    assert not {"judged", "gold_right", "gold_total", "created_at"} & member.keys()
    assert member["paused_at"] == "2026-03-02T00:00:00Z"
    message = payload("member.paused", Event.objects.get(verb="member.paused"))
    assert bob.pseudonym not in str(message)
    assert message["data"]["subject"] == {"type": "membership", "id": ""}
