"""Making a campaign step by step: everything at once or nothing, and a look at it before."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from labeling.models import Campaign, Membership
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import stage
from training.models import GenerationJob

FORM = {
    "name": "Recipes",
    "overlap": "2",
    "guidelines": "# Taste\n\nPrefer what can be cooked.",
    "prompts": "How do I boil an egg?\n\nHow do I keep basil alive?",
    "write": "on",
    "strategy": "two_seeds",
    "pairs_per_prompt": "3",
    "people": "alice\nbob: expert",
    "start": "on",
}


def test_one_form_makes_all_of_it(visiting: Visiting) -> None:
    on_stage = stage()
    furnished = furnish(on_stage)
    answer = visiting(on_stage.maya).post("/campaigns/new/", FORM, follow=True)
    made = Campaign.objects.get(name="Recipes")
    assert (made.status, made.overlap, made.prompts.count()) == ("active", 2, 2)
    roles = dict(Membership.objects.filter(campaign=made).values_list("user__username", "role"))
    assert roles == {"maya": "lead", "alice": "annotator", "bob": "expert"}
    job = GenerationJob.objects.get(campaign=made)
    assert job.total == 2 * 2 * 3
    assert [version.name for version in job.versions.all()] == [furnished.one.name]
    assert answer.redirect_chain[-1][0] == f"/campaigns/{made.slug}/"
    assert "12 completions are being written" in answer.content.decode()


def test_a_name_is_enough(visiting: Visiting) -> None:
    on_stage = stage()
    visiting(on_stage.maya).post("/campaigns/new/", {"name": "Bare", "overlap": "1"})
    made = Campaign.objects.get(name="Bare")
    assert (made.status, made.prompts.count(), made.memberships.count()) == ("draft", 0, 1)
    assert not GenerationJob.objects.exists()


def test_comparisons_come_in_a_file_and_nothing_is_written_for_them(visiting: Visiting) -> None:
    on_stage = stage()
    furnish(on_stage)
    line = b'{"prompt": "Hello?", "chosen": "Hello.", "rejected": "Go away."}\n'
    form = {**FORM, "prompts": "", "kind": "comparisons", "file": SimpleUploadedFile("pairs.jsonl", line)}
    visiting(on_stage.maya).post("/campaigns/new/", form)
    made = Campaign.objects.get(name="Recipes")
    assert made.comparisons.count() == 1
    assert not GenerationJob.objects.filter(campaign=made).exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"people": "alice\nnobody-of-that-name"}, "There is no user called nobody-of-that-name"),
        ({"people": "alice: king"}, "There is no role"),
        ({"strategy": "two_versions", "other_version": "1"}, "Choose both versions"),
        ({"name": ""}, "This field is required"),
        ({"overlap": "3", "max_overlap": "2"}, "overlap"),
    ],
)
def test_where_something_is_wrong_nothing_is_made(visiting: Visiting, changes: dict[str, str], words: str) -> None:
    on_stage = stage()
    furnished = furnish(on_stage)
    changes = {**changes, **({"other_version": str(furnished.two.pk)} if "other_version" in changes else {})}
    page = visiting(on_stage.maya).post("/campaigns/new/", {**FORM, **changes}).content.decode()
    assert words in page
    assert "How do I boil an egg?" in page  # what was filled in stays
    assert not Campaign.objects.filter(name="Recipes").exists()


def test_a_bad_file_makes_nothing_and_names_the_line(visiting: Visiting) -> None:
    on_stage = stage()
    form = {**FORM, "file": SimpleUploadedFile("prompts.jsonl", b'{"prompt": 7}\n'), "prompts": ""}
    page = visiting(on_stage.maya).post("/campaigns/new/", form).content.decode()
    assert "No record of the file could be used" in page
    assert not Campaign.objects.filter(name="Recipes").exists()


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
