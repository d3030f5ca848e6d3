"""The checklist of a young campaign follows what is really there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.actions.campaigns import change_campaign_status, write_guidelines
from labeling.actions.invitations import create_invitation
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.models import Campaign
from labeling.queries.progress import campaign_progress
from tests.browser.furnished import furnish
from tests.people import NOON, Stage, asks, stage
from training.actions.snapshots import MIN_TEST_PAIRS, MIN_TRAIN_PAIRS
from training.models import GenerationJob, JobStatus
from training.queries.overview import campaign_training_overview
from training.rehearsal.annotators import simulated_people
from training.web.getting_started import Task, checklist
from training.web.training_advice import training_advice

pytestmark = pytest.mark.django_db


def tasks_of(campaign: Campaign) -> list[Task]:
    overview = campaign_training_overview(campaign)
    advice = training_advice(campaign, overview.preference_pairs)
    return checklist(campaign, campaign_progress(campaign), overview, advice)


def states(on_stage: Stage) -> dict[str, str]:
    campaign = on_stage.reload()
    tasks = tasks_of(campaign)
    return {task.name: task.state for task in tasks}


def following(on_stage: Stage) -> str:
    (name,) = [name for name, state in states(on_stage).items() if state == "next"]
    return name


def test_each_act_moves_the_next_task_on_until_the_list_is_gone() -> None:
    on_stage = stage(status="draft")
    campaign, maya = on_stage.campaign, on_stage.maya
    members = campaign.memberships.filter(role="annotator")
    members.delete()
    assert following(on_stage) == "guidelines"
    write_guidelines(campaign=campaign, text="Be kind.", acting_user=maya, now=NOON)
    assert following(on_stage) == "data"
    add_prompts(campaign=campaign, prompts=[PromptDraft(asks("Why?"))], acting_user=maya, now=NOON)
    assert following(on_stage) == "pairs"
    on_stage.add(2)
    assert following(on_stage) == "people"
    on_stage.join(on_stage.alice)
    assert following(on_stage) == "start"
    change_campaign_status(campaign=campaign, status="active", acting_user=maya, now=NOON)
    assert following(on_stage) == "judge"
    least = MIN_TRAIN_PAIRS + MIN_TEST_PAIRS
    on_stage.add(least)
    on_stage.settle(["a"] * (least - 1))
    assert following(on_stage) == "judge"
    on_stage.settle(["b"])
    assert following(on_stage) == "train"
    assert set(states(on_stage).values()) == {"done", "next"}
    on_stage.add(least + 2)
    assert following(on_stage) == "judge"  # a run on so few pairs could show nothing
    furnish(on_stage)
    assert states(on_stage) == {}


def test_pairs_are_not_done_while_they_are_being_written() -> None:
    on_stage = stage(status="draft")
    campaign, maya = on_stage.campaign, on_stage.maya
    write_guidelines(campaign=campaign, text="Be kind.", acting_user=maya, now=NOON)
    on_stage.add(2)
    job = GenerationJob.objects.create(campaign=campaign, seed=1, created_by=maya, created_at=NOON, enqueued_at=NOON)
    assert (states(on_stage)["pairs"], following(on_stage)) == ("begun", "start")
    job.status = JobStatus.FINISHED
    job.save()
    assert states(on_stage)["pairs"] == "done"


def test_what_is_there_is_counted_and_linked() -> None:
    on_stage = stage(comparisons=3)
    campaign = on_stage.campaign
    tasks = {task.name: task for task in tasks_of(campaign)}
    facts = {name: tasks[name].fact for name in ("guidelines", "data", "pairs", "people", "start", "judge")}
    assert facts == {
        "guidelines": "none yet",
        "data": "3 prompts",
        "pairs": "3 comparisons",
        "people": "2 people",
        "start": "Active",
        "judge": "",
    }
    assert tasks["people"].url == "/campaigns/sums/people/"
    assert tasks["train"].url == "/campaigns/sums/#train-title"
    assert tasks["train"].state == "later"
    assert tasks["train"].fact == "its figure means something with about 117 more pairs"


def test_a_link_that_may_be_used_counts_as_an_invitation() -> None:
    on_stage = stage()
    campaign = on_stage.campaign
    campaign.memberships.filter(role="annotator").delete()
    (before,) = [task.fact for task in tasks_of(campaign) if task.name == "people"]
    now = timezone.now()
    used, _ = create_invitation(
        campaign=campaign, expires_at=now + timedelta(days=1), max_uses=1, acting_user=on_stage.maya, now=now
    )
    (after,) = [task.fact for task in tasks_of(campaign) if task.name == "people"]
    used.uses = 1
    used.save()
    (spent,) = [task.fact for task in tasks_of(campaign) if task.name == "people"]
    assert (before, after, spent) == ("only leads so far", "invited; nobody has joined yet", "only leads so far")


def test_simulated_annotators_are_not_counted_as_people() -> None:
    on_stage = stage(comparisons=1)
    for program in simulated_people(2, now=NOON)[1]:
        on_stage.join(program)
    campaign = on_stage.campaign
    tasks = tasks_of(campaign)
    assert {task.name: task.fact for task in tasks}["people"] == "2 people"
