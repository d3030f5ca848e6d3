"""Planning candidate pairs."""

from typing import Any

import pytest

from common.errors import Invalid, NotAllowed
from labeling.access import CampaignNotFound
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW, QUESTIONS
from training.actions.generation import cancel_generation, resume_generation, start_generation
from training.actions.planning import GenerationSpec, derive_seed
from training.errors import JobActive, JobOver, NoPrompts, NothingServes, WrongSettings
from training.models import JobStatus, ModelVersion

pytestmark = pytest.mark.django_db


def test_a_pair_is_planned_for_every_prompt_and_number(campaign: Campaign, base: ModelVersion, maya: User) -> None:
    job = start_generation(
        campaign=campaign, acting_user=maya, now=NOW, spec=GenerationSpec(pairs_per_prompt=2, seed=5)
    )

    items = list(job.items.order_by("pk"))
    assert len(items) == 2 * len(QUESTIONS)
    assert [item.number for item in items] == [0] * len(QUESTIONS) + [1] * len(QUESTIONS)
    assert {item.version_first for item in items} == {item.version_second for item in items} == {base}
    assert len({seed for item in items for seed in (item.seed_first, item.seed_second)}) == 4 * len(QUESTIONS)
    assert (job.status, job.done, job.total) == (JobStatus.QUEUED, 0, 4 * len(QUESTIONS))
    assert list(job.versions.all()) == [base]
    event = Event.objects.get(verb="generation.started")
    assert (event.actor, event.campaign, event.after["total"]) == (maya, campaign, job.total)


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


def test_a_second_click_finds_the_first_job_active(campaign: Campaign, base: ModelVersion, maya: User) -> None:
    start_generation(campaign=campaign, acting_user=maya, now=NOW)

    with pytest.raises(JobActive):
        start_generation(campaign=campaign, acting_user=maya, now=NOW)
    assert campaign.generation_jobs.count() == 1


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


def test_annotators_may_not_and_strangers_do_not_find_it(
    campaign: Campaign, base: ModelVersion, alice: User, charlie: User
) -> None:
    with pytest.raises(NotAllowed):
        start_generation(campaign=campaign, acting_user=alice, now=NOW)
    with pytest.raises(CampaignNotFound):
        start_generation(campaign=campaign, acting_user=charlie, now=NOW)


def test_a_waiting_job_is_cancelled_at_once_and_can_go_on(campaign: Campaign, base: ModelVersion, maya: User) -> None:
    job = start_generation(campaign=campaign, acting_user=maya, now=NOW)

    assert cancel_generation(job=job, acting_user=maya, now=NOW).status == JobStatus.CANCELLED
    with pytest.raises(JobOver):
        cancel_generation(job=job, acting_user=maya, now=NOW)
    resumed = resume_generation(job=job, acting_user=maya, now=NOW)
    assert (resumed.status, resumed.finished_at) == (JobStatus.QUEUED, None)
    with pytest.raises(JobOver):
        resume_generation(job=job, acting_user=maya, now=NOW)


def test_a_running_job_is_asked_to_stop_and_asking_twice_changes_nothing(
    campaign: Campaign, base: ModelVersion, maya: User
) -> None:
    job = start_generation(campaign=campaign, acting_user=maya, now=NOW)
    campaign.generation_jobs.update(status=JobStatus.RUNNING)

    for _ in range(2):
        assert cancel_generation(job=job, acting_user=maya, now=NOW).status == JobStatus.CANCELLING
    assert Event.objects.filter(verb="generation.cancel_requested").count() == 1
