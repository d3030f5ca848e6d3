"""Making a campaign step by step: everything at once or nothing, and nothing chosen or typed is lost on the way."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.actions.uploads import opened_upload
from labeling.models import Campaign, KeptUpload, Membership, User
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import person, stage
from training.models import CampaignDraft, DraftFile, GenerationJob

PATH = "/campaigns/new/"
PAIR = b'{"prompt": "Hello?", "chosen": "Hello.", "rejected": "Go away."}\n'
FORM = {
    "name": "Recipes",
    "overlap": "2",
    "guidelines": "# Taste\n\nPrefer what can be cooked.",
    "prompts": "How do I boil an egg?\n\nHow do I keep basil alive?",
    "write": "on",
    "strategy": "two_seeds",
    "pairs_per_prompt": "3",
    "start": "on",
}


def people(**roles: str) -> dict[str, Any]:
    """The fields that pick these people, by user name."""
    chosen = {User.objects.get(username=name).pk: role for name, role in roles.items()}
    return {"people": list(chosen), **{f"role_{pk}": role for pk, role in chosen.items()}}


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def start(client: Client, **fields: Any) -> dict[str, str]:
    """Leaves the first step; returns the fields that name the draft."""
    answer = client.post(PATH, {"name": "Recipes", "overlap": "1", "step": "1", "go": "next", **fields})
    draft, step = re.search(r"draft=([^&]+)&step=(\d)", answer.headers["Location"]).groups()  # type: ignore[union-attr]
    return {"key": draft, "step": step}


def test_one_form_makes_all_of_it(visiting: Visiting) -> None:
    on_stage = stage()
    furnished = furnish(on_stage)
    answer = visiting(on_stage.maya).post(PATH, FORM | people(alice="annotator", bob="expert"), follow=True)
    made = Campaign.objects.get(name="Recipes")
    assert (made.status, made.overlap, made.prompts.count()) == ("active", 2, 2)
    roles = dict(Membership.objects.filter(campaign=made).values_list("user__username", "role"))
    assert roles == {"maya": "lead", "alice": "annotator", "bob": "expert"}
    job = GenerationJob.objects.get(campaign=made)
    assert job.total == 2 * 2 * 3
    assert [version.name for version in job.versions.all()] == [furnished.one.name]
    assert answer.redirect_chain[-1][0] == f"/campaigns/{made.slug}/"
    assert "Recipes has been created" in answer.content.decode()
    assert CampaignDraft.objects.get().campaign == made


def test_a_name_is_enough(visiting: Visiting) -> None:
    on_stage = stage()
    visiting(on_stage.maya).post(PATH, {"name": "Bare", "overlap": "1"})
    made = Campaign.objects.get(name="Bare")
    assert (made.status, made.prompts.count(), made.memberships.count()) == ("draft", 0, 1)
    assert not GenerationJob.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"people": "999999"}, "can no longer be added"),
        ({"strategy": "two_versions", "other_version": "1"}, "Choose both versions"),
        ({"name": ""}, "This field is required"),
        ({"overlap": "3", "max_overlap": "2"}, "overlap"),
        ({"invite": "on", "invite_days": ""}, "for how many days"),
    ],
)
def test_where_something_is_wrong_nothing_is_made(visiting: Visiting, changes: dict[str, str], words: str) -> None:
    on_stage = stage()
    furnished = furnish(on_stage)
    changes = {**changes, **({"other_version": str(furnished.two.pk)} if "other_version" in changes else {})}
    page = visiting(on_stage.maya).post(PATH, {**FORM, **changes}).content.decode()
    assert words in page
    assert "How do I boil an egg?" in page  # what was filled in stays
    assert not Campaign.objects.filter(name="Recipes").exists()


def test_an_annotator_picked_as_a_lead_is_refused_before_the_campaign_is_made(visiting: Visiting) -> None:
    on_stage = stage()
    page = visiting(on_stage.maya).post(PATH, FORM | people(alice="lead")).content.decode()
    assert "alice is an annotator and cannot lead a campaign" in page
    assert not Campaign.objects.filter(name="Recipes").exists()


def test_chosen_files_survive_an_error_going_back_and_a_reload(visiting: Visiting) -> None:
    on_stage = stage()
    furnish(on_stage)
    maya = visiting(on_stage.maya)
    draft = start(maya)
    files = [upload("pairs.jsonl", PAIR), upload("prompts.txt", b"How do I boil an egg?\nAnd a potato?\n")]
    form = {"name": "Recipes", "overlap": "1", "key": draft["key"]}
    page = maya.post(PATH, {**form, "step": "3", "go": "stay", "uploads": files}, follow=True).content.decode()
    assert "pairs.jsonl" in page
    assert "1 comparison, read as TRL preference records" in page
    assert "2 prompts" in page
    page = maya.post(PATH, {**form, "step": "5", "go": "create", "people": "999999"}).content.decode()
    assert "can no longer be added" in page
    assert "pairs.jsonl" in page
    assert not Campaign.objects.filter(name="Recipes").exists()
    maya.post(PATH, {**form, "step": "5", "go": "back"})
    assert "prompts.txt" in maya.get(f"{PATH}?draft={draft['key']}&step=3").content.decode()
    assert "prompts.txt" in maya.get(f"{PATH}?draft={draft['key']}").content.decode()  # at the step it was left at
    maya.post(PATH, {**form, "step": "5", "go": "create"})
    made = Campaign.objects.get(name="Recipes")
    assert (made.comparisons.count(), made.prompts.count()) == (1, 3)
    assert not DraftFile.objects.exists()


def test_a_file_is_kept_once_and_can_be_removed(visiting: Visiting) -> None:
    on_stage = stage()
    maya = visiting(on_stage.maya)
    draft = start(maya)
    for _ in range(2):
        maya.post(
            PATH, {**draft, "name": "Recipes", "step": "3", "go": "stay", "uploads": [upload("pairs.jsonl", PAIR)]}
        )
    file = DraftFile.objects.get()
    with opened_upload(file.upload, acting_user=on_stage.maya) as stream:
        assert stream.read() == PAIR
    page = maya.post(PATH, {**draft, "name": "Recipes", "step": "3", "go": f"remove-{file.pk}"}, follow=True)
    assert "pairs.jsonl" not in page.content.decode()
    assert not DraftFile.objects.exists()


def test_a_file_that_cannot_be_used_is_named_beside_the_field_and_the_others_stay(visiting: Visiting) -> None:
    on_stage = stage()
    maya = visiting(on_stage.maya)
    draft = start(maya)
    files = [upload("bad.jsonl", b'{"prompt": 7}\n'), upload("pairs.jsonl", PAIR)]
    page = maya.post(PATH, {**draft, "name": "Recipes", "step": "3", "go": "next", "uploads": files}).content.decode()
    assert "bad.jsonl: " in page
    assert 'name="step" value="3"' in page
    assert DraftFile.objects.get().name == "pairs.jsonl"


def test_a_step_is_checked_when_it_is_left_and_not_before(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    page = maya.post(PATH, {"name": "", "overlap": "0", "step": "1", "go": "next"}).content.decode()
    assert "This field is required" in page
    assert "greater than or equal to 1" not in page
    page = maya.post(PATH, {"name": "Recipes", "overlap": "0", "step": "1", "go": "5"}).content.decode()
    assert "greater than or equal to 1" in page
    assert 'name="step" value="2"' in page
    answer = maya.post(PATH, {"name": "Recipes", "overlap": "0", "step": "2", "go": "back"})
    assert "step=1" in answer.headers["Location"]


def test_sending_the_form_twice_makes_one_campaign(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    draft = start(maya)
    for _ in range(2):
        answer = maya.post(PATH, {**draft, "name": "Recipes", "overlap": "1", "go": "create"})
        assert answer.headers["Location"] == "/campaigns/recipes/"
    assert Campaign.objects.filter(name="Recipes").count() == 1


def test_an_unfinished_campaign_is_offered_to_its_owner_and_can_be_discarded(visiting: Visiting) -> None:
    on_stage = stage()
    maya, ada = visiting(on_stage.maya), visiting(on_stage.ada)
    draft = start(maya)
    maya.post(PATH, {**draft, "name": "Recipes", "step": "3", "go": "stay", "uploads": [upload("pairs.jsonl", PAIR)]})
    assert KeptUpload.objects.exists()
    assert "Recipes" in maya.get(PATH).content.decode()
    assert "Recipes" not in ada.get(PATH).content.decode()
    assert "pairs.jsonl" not in ada.get(f"{PATH}?draft={draft['key']}&step=3").content.decode()
    assert ada.post(PATH, {"key": draft["key"], "go": "discard"}).status_code == 404
    maya.post(PATH, {"key": draft["key"], "go": "discard"})
    assert not CampaignDraft.objects.exists()
    assert not KeptUpload.objects.exists()


def test_people_are_found_by_a_part_of_their_name_and_stay_chosen(visiting: Visiting) -> None:
    on_stage = stage()
    for number in range(60):
        person(f"student-{number:02d}")
    maya = visiting(on_stage.maya)
    page = maya.get(PATH).content.decode()
    assert "student-00" in page
    assert "student-59" not in page
    assert "more people. Search for a name" in page
    draft = start(maya)
    form = {**draft, "name": "Recipes", "step": "5", "go": "find", "find": "student-59", **people(bob="expert")}
    page = maya.post(PATH, form, follow=True).content.decode()
    assert "student-59" in page
    assert "student-00" not in page
    assert re.search(r'name="people" value="\d+" checked', page)
    assert 'value="expert" selected' in page


def test_the_invitation_link_is_shown_with_the_new_campaign(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    form = {**FORM, "prompts": "", "invite": "on", "invite_role": "annotator", "invite_days": "7", "invite_uses": "5"}
    page = maya.post(PATH, form, follow=True).content.decode()
    invitation = Campaign.objects.get(name="Recipes").invitations.get()
    assert invitation.max_uses == 5
    assert re.search(r"http://testserver/invitations/[\w-]{20,}/", page)


def test_the_preview_shows_the_annotators_page_and_keeps_nothing(visiting: Visiting) -> None:
    on_stage = stage()
    maya = visiting(on_stage.maya)
    form = {**FORM, "scale": "strength", "criteria": "tasty*: Which tastes better?", "name": ""}
    page = maya.post("/new-campaign/preview/", form).content.decode()
    assert "<b>Preview.</b>" in page
    assert "How do I boil an egg?" in page
    assert "Which tastes better?" in page
    assert 'data-testid="choose-left-3"' in page  # the scale of strength
    assert "inert" in page
    assert Campaign.objects.count() == 1
    assert not CampaignDraft.objects.exists()


def test_a_document_is_warned_about_as_on_the_import_page(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    step = start(maya)
    files = [upload("README.md", b"# Chosen\n\nIt compares.\n"), upload("list.txt", b"Why is it?\nWhy not?\n")]
    page = maya.post(PATH, {**FORM, **step, "go": "stay", "uploads": files}, follow=True).content.decode()
    assert page.count("This file is not JSON") == 2
    assert page.count("It looks like a document or a table") == 1
