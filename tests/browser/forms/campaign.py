"""A campaign's data, rules, guidelines and log, and the creation of a new one."""

import json
import uuid

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from labeling.actions.exports import open_export
from labeling.models import Campaign, WebhookDelivery
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from training.actions.drafts import save_draft
from training.models import Deployment, Run

SETTINGS = "/campaigns/sums/settings/"
WEBHOOKS = "/campaigns/sums/webhooks/"


def _prompts_file(world: World) -> dict[str, object]:
    path = world.folder / "prompts.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"What is {number} times two?"}) + "\n" for number in range(3)))
    return {"prompts_file": path}


def _campaign_file(world: World) -> dict[str, object]:
    path = world.folder / "campaign.jsonl"
    path.write_bytes(b"".join(open_export(world.stage.campaign, "full").pieces))
    return {"campaign_file": path}


def _active(world: World) -> None:
    Campaign.objects.filter(pk=world.stage.campaign.pk).update(status="active")


def _given_up(world: World) -> None:
    WebhookDelivery.objects.update(status="given_up")


def _draft_with_pairs(world: World) -> None:
    """Nothing is left to do but to start: no run is active, and no version waits for its promotion."""
    Run.objects.filter(pk=world.furnished.running.pk).update(status="finished")
    stage, version = world.stage, world.furnished.two
    Deployment.objects.create(version=version, kind="promotion", by=stage.maya, at=stage.now, is_current=False)
    Campaign.objects.filter(pk=world.stage.campaign.pk).update(status="draft")


def _draft_of_maya(world: World) -> None:
    """Maya has begun to set up a campaign."""
    save_draft(key=uuid.uuid4(), values={"name": ["Riddles"]}, acting_user=world.stage.maya, now=timezone.now())


def _task_step(page: Page) -> None:
    """Fills in the first step of a new campaign and goes to the second."""
    page.get_by_label("Name", exact=True).fill("Proverbs")
    page.get_by_label("Description").fill("Wise and short.")
    page.get_by_role("button", name="Task").click()
    expect(page.get_by_role("heading", name="Task")).to_be_visible()


def _preview(page: Page, form: Locator) -> None:
    """Presses the button that opens a preview, in a page of its own."""
    with page.expect_popup() as popup:
        form.locator("button[formaction]").click()
    expect(popup.value.get_by_test_id("preview")).to_be_visible()


def _download(page: Page, form: Locator) -> None:
    """Presses the button that downloads a file."""
    with page.expect_download() as download:
        form.get_by_test_id("download-dataset").click()
    assert download.value.suggested_filename == "sums-trl.zip"


ENTRIES = (
    Entry(
        form="labeling/data/import.html",
        path="/campaigns/sums/data/",
        arrange=_prompts_file,
        fill={"file": "{prompts_file}", "kind": "prompts", "refuse_all": True},
        sees="Preview of prompts.jsonl",
        wrong={"file": None, "kind": "comparisons", "dialect": "hh", "as_gold": True},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/campaign_import.html",
        path="/campaign-import/",
        arrange=_campaign_file,
        fill={"file": "{campaign_file}", "name": "Sums elsewhere"},
        sees="Imported:",
        wrong={"file": None},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/export/choices.html",
        path="/campaigns/sums/data/export/?dialect=csv",
        fill={"include": "all", "spreadsheet": True, "near_duplicates": "drop", "redact_email": True},
        lands="spreadsheet=on",
        wrong={"patterns": "(", "region": "XX"},
        complaint="is no code of a country",
    ),
    Entry(
        form="labeling/export/dataset.html",
        path="/campaigns/sums/data/export/?dialect=trl",
        fill={"license": "cc-by-4.0", "consent": "All agreed."},
        act=_download,
        press="Download",
        wrong={"language": "e1"},
        complaint="code of a language",
    ),
    Entry(
        form="labeling/export/evaluation.html",
        path="/campaigns/sums/data/export/?dialect=csv",
        arrange=_prompts_file,
        fill={"file": "{prompts_file}"},
        sees="3 prompts were read.",
        wrong={"file": None},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/guidelines/edit.html",
        path="/campaigns/sums/guidelines/?edit",
        fill={"text": "# New rules\n\nPrefer what is **true**."},
        sees="is now in force",
        wrong={"text": ""},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/settings.html",
        path=SETTINGS,
        fill={
            "description": "Sums for everybody.",
            "allow_edit": True,
            "quota_per_day": "40",
            "gold_rate": "20",
            "lease_seconds": "45",
        },
        sees="Saved.",
        wrong={"overlap": "77", "criteria": "kind*: Which one is kinder?\npolite"},
        complaint="less than or equal to 50",
    ),
    Entry(
        form="labeling/events/filter.html",
        path="/campaigns/sums/events/",
        fill={"actor": "maya", "since": "2026-01-01"},
        lands="actor=maya",
        never_refused="An actor who does not exist has no events, and dates are picked.",
    ),
    Entry(
        form="labeling/verdicts.html",
        path="/campaigns/sums/verdicts/",
        fill={"winner": "a", "confidence_at_most": "90"},
        lands="winner=a",
        wrong={"confidence_at_most": "700"},
        complaint="less than or equal to 100",
    ),
    Entry(
        form="labeling/disagreements.html",
        path="/campaigns/sums/disagreements/",
        fill={"status": "conflict", "commented": True},
        lands="status=conflict",
        never_refused="It has a list and a box.",
    ),
    Entry(
        form="labeling/statistics/slice.html",
        path="/campaigns/sums/statistics/",
        fill={"since": "2026-01-01", "include_simulated": True},
        lands="since=2026-01-01",
        never_refused="Dates are picked, and the rest are lists and boxes.",
    ),
    Entry(
        form="labeling/webhooks/add.html",
        path=WEBHOOKS,
        fill={"url": "https://1.1.1.1/another", "event_types": ["verdict.settled"]},
        press="Add webhook",
        sees="https://1.1.1.1/another",
        wrong={"url": "https://127.0.0.1/inside"},
        complaint="private",
    ),
    Entry(form="labeling/webhooks/address.html", path=WEBHOOKS, press="Switch off", sees="The webhook is switched off"),
    Entry(form="labeling/webhooks/address.html>webhook_rotate", path=WEBHOOKS, sees="shown only once"),
    Entry(
        form="labeling/webhooks/delivery.html", path=WEBHOOKS, arrange=_given_up, sees="The message is being sent again"
    ),
    Entry(form="labeling/webhooks/remove.html", path=WEBHOOKS, press="Remove", sees="The webhook is deleted"),
    Entry(
        form="training/new_campaign/drafts.html",
        path="/campaigns/new/",
        arrange=_draft_of_maya,
        press="Discard draft",
        sees="The draft is discarded",
    ),
    Entry(
        form="training/new_campaign/task.html>new_campaign_preview",
        path="/campaigns/new/",
        opens=_task_step,
        fill={"overlap": "3"},
        act=_preview,
        never_refused="The page with the form stays.",
    ),
    Entry(
        form="training/new_campaign.html",
        path="/campaigns/new/",
        opens=_task_step,
        fill={"guidelines": "Prefer the shorter one.", "overlap": "3"},
        press="Create campaign",
        sees="Proverbs has been created",
        wrong={"overlap": "77"},
        complaint="less than or equal to 50",
    ),
    Entry(
        form="parts/campaign_acts.html",
        path="/campaigns/sums/",
        arrange=_active,
        press="Pause",
        sees="Sums is paused",
    ),
    Entry(
        form="labeling/settings/status.html",
        path=SETTINGS,
        arrange=_active,
        press="Close campaign",
        sees="Sums is closed",
    ),
    Entry(
        form="training/campaign/labels.html",
        path="/campaigns/sums/",
        arrange=_draft_with_pairs,
        sees="Sums is active",
    ),
)
