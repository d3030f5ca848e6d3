"""Setting up a whole campaign, or nothing."""

import io

import pytest

from common.errors import Invalid, NotFound
from labeling.models import Campaign, Membership, User
from tests.training.conftest import NOW
from training.actions.planning import GenerationSpec
from training.actions.setting_up import Material, role_of, set_up_campaign
from training.models import GenerationJob, ModelVersion

pytestmark = pytest.mark.django_db

RULES = {"name": "Recipes", "overlap": 2}


def test_everything_is_made_in_one_go(base: ModelVersion, maya: User, alice: User) -> None:
    made = set_up_campaign(
        rules=RULES,
        material=Material(prompts=["How do I boil an egg?", "How do I keep basil alive?"]),
        people={"alice": "expert", "maya": "annotator"},
        candidates=GenerationSpec(pairs_per_prompt=3),
        start=True,
        acting_user=maya,
        now=NOW,
    )
    assert (made.campaign.status, made.prompts, made.people) == ("active", 2, [alice])
    assert made.job is not None
    assert made.job.total == 2 * 3 * 2
    assert Membership.objects.get(campaign=made.campaign, user=maya).role == "lead", "its creator leads it"


@pytest.mark.parametrize(
    ("material", "people", "field", "words"),
    [
        (Material(prompts=["Why?", " "]), {}, "prompts", "Line 2: "),
        (Material(file=io.BytesIO(b"")), {}, "file", "The file is empty."),
        (Material(prompts=["Why?"]), {"nobody": "annotator"}, "people", "nobody"),
    ],
    ids=["prompts", "file", "people"],
)
def test_an_error_names_its_field_and_nothing_is_made(
    base: ModelVersion, maya: User, material: Material, people: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises((Invalid, NotFound)) as refused:
        set_up_campaign(rules=RULES, material=material, people=people, acting_user=maya, now=NOW)
    assert set(refused.value.fields) == {field}
    assert words in refused.value.fields[field]
    assert not Campaign.objects.exists()


def test_without_a_model_no_candidates_and_no_campaign(maya: User) -> None:
    with pytest.raises(Exception, match="No model version serves") as refused:
        set_up_campaign(
            rules=RULES,
            material=Material(prompts=["Why?"]),
            candidates=GenerationSpec(),
            acting_user=maya,
            now=NOW,
        )
    assert set(refused.value.fields) == {"candidates"}  # type: ignore[attr-defined]
    assert not Campaign.objects.exists()
    assert not GenerationJob.objects.exists()


def test_a_role_is_named_as_people_write_it() -> None:
    assert (role_of(" Expert "), role_of("")) == ("expert", "annotator")
    with pytest.raises(Invalid, match="There is no role 'boss'"):
        role_of("boss")
