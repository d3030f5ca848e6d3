"""Setting up a whole campaign, or nothing."""

import io

import pytest

from common.errors import Invalid, NotFound
from labeling.models import Campaign, ImportBatch, Membership, User
from tests.training.conftest import NOW
from training.actions.planning import GenerationSpec
from training.actions.setting_up import InvitationWish, Material, MaterialFile, set_up_campaign
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
    batch = ImportBatch.objects.get()  # so typed prompts can be taken back like those of a file
    assert (batch.created, batch.status, made.campaign.prompts.filter(batch=batch).count()) == (2, "imported", 2)


@pytest.mark.parametrize(
    ("material", "people", "field", "words"),
    [
        (Material(prompts=["Why?", " "]), {}, "prompts", "Line 2: "),
        (Material(files=[MaterialFile("a.jsonl", io.BytesIO(b""))]), {}, "uploads", "a.jsonl is empty."),
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


def test_files_of_both_kinds_come_in_one_go(maya: User) -> None:
    prompts, pair = (
        b'{"prompt": "Why?"}\n{"prompt": 7}\n',
        b'{"prompt": "Hello?", "chosen": "Hello.", "rejected": "No."}',
    )
    files = [
        MaterialFile("prompts.jsonl", io.BytesIO(prompts)),
        MaterialFile("pairs.jsonl", io.BytesIO(pair), "comparisons"),
        MaterialFile("again.jsonl", io.BytesIO(pair), "comparisons"),
    ]
    made = set_up_campaign(rules=RULES, material=Material(files=files), acting_user=maya, now=NOW)
    counts = {name: (one.created, one.duplicates, one.rejected_count) for name, one in made.reports}
    assert counts == {"prompts.jsonl": (1, 0, 1), "pairs.jsonl": (1, 0, 0), "again.jsonl": (0, 1, 0)}
    assert (made.campaign.prompts.count(), made.campaign.comparisons.count()) == (2, 1)
    assert list(made.campaign.batches.order_by("pk").values_list("file_name", flat=True)) == [one.name for one in files]


def test_an_invitation_is_made_with_the_campaign(maya: User) -> None:
    wish = InvitationWish(role="annotator", days=7, max_uses=3)
    made = set_up_campaign(rules=RULES, invitation=wish, acting_user=maya, now=NOW)
    assert made.campaign.invitations.get().max_uses == 3
    assert len(made.invitation) > 20
