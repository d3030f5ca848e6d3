"""The plan of a generation job, and the requests that it refuses."""

from typing import Any

import pytest

from common.errors import Invalid
from labeling.models import Campaign, User
from tests.training.conftest import NOW, TINY_SETTINGS
from training.actions.generation import cancel_generation, start_generation
from training.actions.planning import GenerationSpec, derive_seed
from training.errors import NoPrompts, NothingServes, WrongSettings
from training.models import ModelVersion

pytestmark = pytest.mark.django_db


def test_the_same_seed_plans_the_same_seeds_and_another_one_others(campaign: Campaign, base: ModelVersion) -> None:
    def planned(seed: int) -> list[int]:
        job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=GenerationSpec(seed=seed))
        seeds = list(job.items.order_by("pk").values_list("seed_first", flat=True))
        cancel_generation(job=job, acting_user=None, now=NOW)
        return seeds

    assert planned(1) == planned(1)
    assert not set(planned(1)) & set(planned(2))


def test_seeds_fit_what_every_server_takes() -> None:
    seeds = [derive_seed(seed, "content", number, "first") for seed in range(50) for number in range(50)]

    assert all(0 <= seed < 2**31 for seed in seeds)
    assert len(set(seeds)) == len(seeds)


def test_two_versions_are_taken_from_the_serving_one_and_its_parent(campaign: Campaign, base: ModelVersion) -> None:
    child = ModelVersion.objects.create(
        name="child", base_dir=base.base_dir, adapter_dir="", content_hash="x", parent=base, created_at=NOW
    )

    job = start_generation(
        campaign=campaign,
        acting_user=None,
        now=NOW,
        spec=GenerationSpec(strategy="two_versions", versions=[child, base]),
    )

    item = job.items.first()
    assert item is not None
    assert (item.version_first, item.version_second) == (child, base)
    assert set(job.versions.all()) == {child, base}


@pytest.mark.parametrize(
    "wrong",
    [
        {"strategy": "three_versions"},
        {"strategy": "two_versions"},
        {"settings": {"temperature": -1}},
        {"settings": {"temperature": 0}},
        {"settings": {"loudness": 3}},
        {"pairs_per_prompt": 0},
        {"pairs_per_prompt": 101},
        {"versions": []},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_before_anything_is_planned(
    campaign: Campaign, base: ModelVersion, wrong: dict[str, Any]
) -> None:
    with pytest.raises(WrongSettings):
        start_generation(campaign=campaign, acting_user=None, now=NOW, spec=GenerationSpec(**wrong))
    assert not campaign.generation_jobs.exists()


def test_without_prompts_there_is_nothing_to_write(campaign: Campaign, base: ModelVersion) -> None:
    with pytest.raises(NoPrompts):
        start_generation(campaign=campaign, acting_user=None, now=NOW, prompts=[])
    assert not campaign.generation_jobs.exists()


def test_without_a_serving_version_it_says_so(campaign: Campaign) -> None:
    with pytest.raises(NothingServes, match="promote"):
        start_generation(campaign=campaign, acting_user=None, now=NOW)


def test_prompts_of_another_campaign_are_refused(campaign: Campaign, base: ModelVersion, charlie: User) -> None:
    others = Campaign.objects.get(created_by=charlie)

    with pytest.raises(Invalid):
        start_generation(campaign=others, acting_user=charlie, now=NOW, prompts=list(campaign.prompts.all()))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategy": "two_temperatures"}, "needs the temperature of the second text"),
        ({"strategy": "two_temperatures", "second_settings": {"temperature": 1.0}}, "the same temperature"),
        ({"strategy": "two_temperatures", "second_settings": {"temperature": -1}}, "must lie between"),
        (
            {"strategy": "two_prompts", "second_settings": {"temperature": 0.2}},
            "needs the system prompt of the second text",
        ),
        ({"second_settings": {"temperature": 0.2}}, "both texts have the same settings"),
        ({"candidates": 4}, "belong to .The best and the worst"),
        ({"strategy": "best_worst"}, "tiny-base has no implicit reward"),
        ({"strategy": "best_worst", "reward_model": "../secrets"}, "There is no reward model"),
        ({"strategy": "sorcery"}, "There is no strategy"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(
    campaign: Campaign, base: ModelVersion, options: dict[str, Any], words: str
) -> None:
    spec = GenerationSpec(**{"settings": TINY_SETTINGS, **options})
    with pytest.raises(WrongSettings, match=words):
        start_generation(campaign=campaign, acting_user=None, now=NOW, spec=spec)
    assert not campaign.generation_jobs.exists()
