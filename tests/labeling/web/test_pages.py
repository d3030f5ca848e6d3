"""The pages as forms: what they show, what they do, what they say when something is wrong. Without a browser."""

import gzip
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.models import Campaign, Judgment, Membership
from tests.clients import Visiting
from tests.people import PASSWORD, Stage, person, stage

PAIR = {
    "prompt": [{"role": "user", "content": "Why?"}],
    "chosen": [{"role": "assistant", "content": "Because."}],
    "rejected": [{"role": "assistant", "content": "No."}],
}


def said(client: Client, path: str) -> str:
    """What a page says."""
    return client.get(path).content.decode()


# --- Home ---


def test_somebody_in_no_campaign_is_told_what_to_do(visiting: Visiting) -> None:
    assert "A lead can add you" in said(visiting(person("charlie")), "/")
    assert "Create campaign" in said(visiting(person("maya", "lead")), "/")


def test_home_shows_ones_own_campaigns_and_no_others(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    assert "Sums" in said(visiting(on_stage.alice), "/")
    assert "Sums" not in said(visiting(on_stage.charlie), "/")


def test_home_counts_what_one_has_judged(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    on_stage.settle(["a", "b"])
    page = said(visiting(on_stage.alice), "/")
    assert "<b>2</b> judged by you" in page
    assert "Continue judging" in page


def test_an_archived_campaign_is_out_of_sight_but_its_leads_find_it(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    Campaign.objects.update(status="archived")
    assert "Sums" not in said(visiting(on_stage.alice), "/")
    listed, _, folded = said(visiting(on_stage.maya), "/").partition('data-testid="archived"')
    assert ("Sums" in listed, "Sums" in folded) == (False, True)


def test_an_expert_finds_the_way_to_the_conflicts(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    on_stage.join(on_stage.bob, role="expert")
    assert "adjudicate-sums" in said(visiting(on_stage.bob), "/")
    assert "adjudicate-sums" not in said(visiting(on_stage.alice), "/")


# --- A new campaign, its settings, its status ---


def test_a_lead_makes_a_campaign(visiting: Visiting) -> None:
    maya = person("maya", "lead")
    form = {"name": "Kind answers", "overlap": "2", "verdict_rule": "majority", "scale": "choice", "allow_tie": "on"}
    answer = visiting(maya).post(
        "/campaigns/new/", {**form, "lease_seconds": 600, "undo_seconds": 60, "guidelines": "Be kind."}
    )
    assert answer.headers["Location"] == "/campaigns/kind-answers/data/"
    campaign = Campaign.objects.get()
    assert (campaign.overlap, campaign.allow_tie, campaign.allow_both_bad) == (2, True, False)
    assert campaign.guideline_versions.get().text == "Be kind."


def test_a_wrong_field_is_named_beside_it(visiting: Visiting) -> None:
    answer = visiting(person("maya", "lead")).post("/campaigns/new/", {"name": "", "overlap": "0"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "This field is required." in page
    assert "greater than or equal to 1" in page
    assert 'aria-invalid="true"' in page
    assert Campaign.objects.count() == 0


def test_rules_are_changed_and_kept(visiting: Visiting) -> None:
    on_stage = stage()
    path = f"/campaigns/{on_stage.campaign.slug}/settings/"
    form = {"name": "Sums and more", "overlap": 3, "verdict_rule": "unanimity", "scale": "strength"}
    visiting(on_stage.maya).post(path, {**form, "lease_seconds": 600, "undo_seconds": 0})
    campaign = on_stage.reload()
    assert (campaign.name, campaign.overlap, campaign.scale, campaign.allow_tie) == (
        "Sums and more",
        3,
        "strength",
        False,
    )


def test_a_status_that_cannot_follow_is_explained(visiting: Visiting) -> None:
    on_stage = stage()
    answer = visiting(on_stage.maya).post(
        f"/campaigns/{on_stage.campaign.slug}/status/", {"status": "archived"}, follow=True
    )
    assert "cannot become archived" in answer.content.decode()
    assert on_stage.reload().status == "active"


# --- Guidelines ---


def test_guidelines_are_shown_as_they_are_meant_and_versioned(visiting: Visiting) -> None:
    on_stage = stage()
    path = f"/campaigns/{on_stage.campaign.slug}/guidelines/"
    maya = visiting(on_stage.maya)
    assert "No guidelines yet" in said(visiting(on_stage.alice), path)
    maya.post(path, {"text": "Prefer **kind** ones. <script>alert(1)</script>"})
    page = said(visiting(on_stage.alice), path)
    assert "<strong>kind</strong>" in page
    assert "<script>alert" not in page
    assert "Version 1" in page
    maya.post(path, {"text": "Prefer the shorter."})
    assert "Version 2" in said(visiting(on_stage.alice), path)


def test_an_annotator_gets_no_editor(visiting: Visiting) -> None:
    on_stage = stage()
    page = said(visiting(on_stage.alice), f"/campaigns/{on_stage.campaign.slug}/guidelines/?edit")
    assert "<textarea" not in page


# --- People ---


def test_somebody_is_added_and_removed(visiting: Visiting) -> None:
    on_stage = stage()
    maya, path = visiting(on_stage.maya), f"/campaigns/{on_stage.campaign.slug}/people/"
    maya.post(path, {"username": "charlie", "role": "annotator"})
    assert "Sums" in said(visiting(on_stage.charlie), "/")
    maya.post(f"{path}remove/", {"username": "charlie"})
    assert not Membership.objects.filter(user=on_stage.charlie, campaign=on_stage.campaign).exists()


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"username": "nobody", "role": "annotator"}, "There is nobody of this name."),
        ({"username": "charlie", "role": "lead"}, "cannot lead a campaign"),
        ({"username": "", "role": "annotator"}, "This field is required."),
    ],
)
def test_who_cannot_be_added_is_explained(form: dict[str, str], reason: str, visiting: Visiting) -> None:
    on_stage = stage()
    answer = visiting(on_stage.maya).post(f"/campaigns/{on_stage.campaign.slug}/people/", form)
    page = answer.content.decode()
    assert reason in page or "Not for annotators." in page


def test_the_last_lead_stays(visiting: Visiting) -> None:
    on_stage = stage()
    maya, path = visiting(on_stage.maya), f"/campaigns/{on_stage.campaign.slug}/people/remove/"
    maya.post(path, {"username": "ada"})
    answer = maya.post(path, {"username": "maya"}, follow=True)
    assert "needs somebody who runs it" in answer.content.decode()


# --- Data ---


def upload(client: Client, on_stage: Stage, content: bytes, **form: str) -> str:
    file = SimpleUploadedFile("pairs.jsonl", content)
    sent = {"kind": "comparisons", "dialect": "auto", **form, "file": file}
    return client.post(f"/campaigns/{on_stage.campaign.slug}/data/", sent).content.decode()


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_an_import_keeps_the_good_lines_and_names_the_others(visiting: Visiting) -> None:
    on_stage = stage()
    page = upload(
        visiting(on_stage.maya), on_stage, lines(PAIR) + b"{broken\n" + lines({**PAIR, "chosen": PAIR["rejected"]})
    )
    assert 'data-testid="import-created">1<' in page
    assert 'data-testid="import-rejected">2<' in page
    assert '<td class="number">2</td>' in page
    assert on_stage.campaign.comparisons.count() == 1


def test_the_same_file_again_adds_nothing(visiting: Visiting) -> None:
    on_stage = stage()
    maya = visiting(on_stage.maya)
    upload(maya, on_stage, lines(PAIR))
    page = upload(maya, on_stage, lines(PAIR))
    assert 'data-testid="import-created">0<' in page
    assert 'data-testid="import-duplicates">1<' in page


def test_a_file_is_refused_whole_where_that_was_asked(visiting: Visiting) -> None:
    on_stage = stage()
    page = upload(visiting(on_stage.maya), on_stage, lines(PAIR) + b"{broken\n", refuse_all="on")
    assert 'data-testid="import-rejected">1<' in page
    assert "Nothing was imported" in page
    assert on_stage.campaign.comparisons.count() == 0


def test_prompts_are_imported_gzipped_too(visiting: Visiting) -> None:
    on_stage = stage()
    content = gzip.compress(lines({"prompt": "Why is the sky blue?"}, {"prompt": "Why not?"}))
    page = upload(visiting(on_stage.maya), on_stage, content, kind="prompts")
    assert 'data-testid="import-created">2<' in page
    assert on_stage.campaign.prompts.count() == 2


def test_a_file_nobody_can_read_is_explained(visiting: Visiting) -> None:
    on_stage = stage()
    page = upload(visiting(on_stage.maya), on_stage, lines({"what": "is this"}))
    assert 'data-testid="import-error"' in page or 'data-testid="import-rejected">1<' in page
    assert on_stage.campaign.comparisons.count() == 0


def test_hostile_lines_are_shown_as_text(visiting: Visiting) -> None:
    on_stage = stage()
    page = upload(visiting(on_stage.maya), on_stage, lines(PAIR) + b"<script>alert(1)</script>\n")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_exports_download_what_was_judged(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    on_stage.settle(["a", "tie"])
    maya = visiting(on_stage.maya)
    page = said(maya, f"/campaigns/{on_stage.campaign.slug}/data/")
    path = f"/api/v1/campaigns/{on_stage.campaign.slug}/export/?dialect=trl"
    assert f'href="{path}"' in page
    exported = b"".join(maya.get(path)).decode()
    assert len(exported.splitlines()) == 1


# --- Annotate, as a form ---


def test_the_form_judges_and_comes_back(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    alice, path = visiting(on_stage.alice), f"/campaigns/{on_stage.campaign.slug}/annotate/"
    assignment = alice.get(path).context["assignment"]
    form = {"assignment": assignment["id"], "key": "one", "choice": "left"}
    assert alice.post(path, form).headers["Location"] == path
    alice.post(path, form)  # the browser's "send again"
    assert Judgment.objects.count() == 1
    assert alice.get(path).context["assignment"]["id"] != assignment["id"]


def test_nonsense_in_the_form_is_explained(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    alice, path = visiting(on_stage.alice), f"/campaigns/{on_stage.campaign.slug}/annotate/"
    assignment = alice.get(path).context["assignment"]["id"]
    answer = alice.post(path, {"assignment": assignment, "key": "one", "choice": "middle"}, follow=True)
    assert "There is no choice" in answer.content.decode()
    assert alice.post(path, {"assignment": "x", "key": "one", "choice": "left"}).status_code == 404
    assert Judgment.objects.count() == 0


def test_a_paused_campaign_says_so_and_gives_nothing(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2, status="paused")
    answer = visiting(on_stage.alice).get(f"/campaigns/{on_stage.campaign.slug}/annotate/")
    assert "This campaign is paused" in answer.content.decode()
    assert answer.context["assignment"] is None


# --- Signing in ---


def test_signing_in_leads_to_where_one_wanted_to_go(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    client, wanted = visiting(None), f"/campaigns/{on_stage.campaign.slug}/annotate/"
    login = client.get(wanted).headers["Location"]
    answer = client.post(login, {"username": "alice", "password": PASSWORD, "next": wanted})
    assert answer.headers["Location"] == wanted
