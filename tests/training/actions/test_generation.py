"""Planning candidate pairs."""

import pytest

from common.errors import NotAllowed
from labeling.access import CampaignNotFound
from labeling.models import Campaign, Comparison, Event, User
from labeling.queries.progress import prompts_apart
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs
from training.actions.generation import cancel_generation, resume_generation, start_generation
from training.actions.planning import GenerationSpec
from training.errors import JobActive, JobOver, NoPrompts
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


def test_no_model_writes_for_prompts_that_only_have_a_known_answer(
    campaign: Campaign, base: ModelVersion, maya: User
) -> None:
    add_written_pairs(campaign)
    known = list(Comparison.objects.order_by("pk"))
    prompts = [one.prompt for one in known]
    for one, status in zip(known, ("gold", "practice"), strict=False):
        Comparison.objects.filter(pk=one.pk).update(status=status)
    assert set(prompts_apart(campaign)) == set(prompts[:2])

    with pytest.raises(NoPrompts, match="only for gold, practice or qualification"):
        start_generation(campaign=campaign, acting_user=maya, now=NOW, prompts=prompts[:2])
    chosen = start_generation(campaign=campaign, acting_user=maya, now=NOW, prompts=prompts[:3])
    assert [item.prompt for item in chosen.items.all()] == [prompts[2]]
    cancel_generation(job=chosen, acting_user=maya, now=NOW)
    job = start_generation(campaign=campaign, acting_user=maya, now=NOW)
    assert job.items.count() == len(QUESTIONS) - 2
    assert not job.items.filter(prompt__in=prompts[:2]).exists()


def test_a_second_click_finds_the_first_job_active(campaign: Campaign, base: ModelVersion, maya: User) -> None:
    start_generation(campaign=campaign, acting_user=maya, now=NOW)

    with pytest.raises(JobActive):
        start_generation(campaign=campaign, acting_user=maya, now=NOW)
    assert campaign.generation_jobs.count() == 1


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
