"""Rounds: opened with their first job, taken by their run, closed once."""

import threading

import pytest
from django.db import connection, transaction

from labeling.actions.blind_tests import create_blind_test
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW, TINY_SETTINGS, add_written_pairs, judge_all
from training.actions.generation import start_generation, write_blind_texts
from training.actions.planning import GenerationSpec
from training.actions.rounds import close_promoted_round, collecting_round
from training.actions.runs import start_run
from training.actions.versions import promote
from training.models import GateDecision, GenerationJob, JobStatus, ModelVersion, Round, Run
from training.queries.gates import current_gate

pytestmark = pytest.mark.django_db

SPEC = GenerationSpec(settings=TINY_SETTINGS, seed=3)


def ended(job: GenerationJob | Run, status: str = JobStatus.FINISHED) -> None:
    type(job).objects.filter(pk=job.pk).update(status=status, finished_at=NOW)


def version_of(run: Run, name: str) -> ModelVersion:
    """The version of a run, as far as rows are concerned: its files are the parent's."""
    ended(run)
    return ModelVersion.objects.create(
        name=name,
        base_dir=run.parent.base_dir,
        content_hash=run.parent.content_hash,
        parent=run.parent,
        run=run,
        created_at=NOW,
    )


def more_labels(campaign: Campaign, alice: User) -> None:
    add_written_pairs(campaign, per_prompt=3)
    judge_all(campaign, alice, limit=18)


def outcomes(campaign: Campaign) -> list[tuple[int, str]]:
    return list(campaign.rounds.order_by("number").values_list("number", "outcome"))


def test_a_round_opens_with_its_first_generation_and_its_run_takes_it(labeled: Campaign, maya: User) -> None:
    first = start_generation(campaign=labeled, acting_user=maya, now=NOW, spec=SPEC)
    ended(first)
    second = start_generation(campaign=labeled, acting_user=maya, now=NOW, spec=SPEC)
    ended(second)
    run = start_run(campaign=labeled, acting_user=None, now=NOW)

    opened = Round.objects.get()
    assert (opened.number, opened.opened_by, opened.collects, opened.closed_at) == (1, maya, False, None)
    assert first.round == second.round == run.round == opened
    following = start_generation(campaign=labeled, acting_user=None, now=NOW, spec=SPEC)
    assert following.round == labeled.rounds.get(number=2)
    assert [event.after["round"] for event in Event.objects.filter(verb="round.opened").order_by("pk")] == [1, 2]


def test_a_round_without_a_generation_opens_with_its_run(labeled: Campaign) -> None:
    assert start_run(campaign=labeled, acting_user=None, now=NOW).round == Round.objects.get()


def test_a_promotion_closes_the_round_once(labeled: Campaign, maya: User, base: ModelVersion) -> None:
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    version = version_of(run, "tiny-v1")
    promote(version=version, acting_user=maya, now=NOW, servers_first=False)

    assert outcomes(labeled) == [(1, "promoted")]
    event = Event.objects.get(verb="round.finished")
    assert (event.actor, event.campaign) == (maya, labeled)
    assert event.after == {"round": 1, "outcome": "promoted", "version": "tiny-v1"}
    promote(version=base, acting_user=maya, now=NOW, servers_first=False)
    promote(version=version, acting_user=maya, now=NOW, servers_first=False)
    assert close_promoted_round(version=version, acting_user=None, now=NOW) is None
    assert Event.objects.filter(verb="round.finished").count() == 1


def test_the_run_of_a_later_round_closes_the_earlier_ones(labeled: Campaign, alice: User) -> None:
    version = version_of(start_run(campaign=labeled, acting_user=None, now=NOW), "tiny-v1")
    gate = current_gate(labeled)
    gate.at = NOW
    gate.save()
    GateDecision.objects.create(
        gate=gate,
        run=version.run,
        version=version,
        outcome="held_back",
        is_automatic=True,
        figures={},
        results=[],
        at=NOW,
    )
    more_labels(labeled, alice)
    version_of(start_run(campaign=labeled, acting_user=None, now=NOW), "tiny-v2")
    assert outcomes(labeled) == [(1, "held_back"), (2, "")]
    more_labels(labeled, alice)
    start_run(campaign=labeled, acting_user=None, now=NOW)
    assert outcomes(labeled) == [(1, "held_back"), (2, "not_promoted"), (3, "")]
    promote(version=version, acting_user=None, now=NOW, servers_first=False)
    assert outcomes(labeled)[0] == (1, "held_back")  # it is closed once


def test_a_run_after_a_failed_one_stays_in_its_round(labeled: Campaign) -> None:
    failed = start_run(campaign=labeled, acting_user=None, now=NOW)
    ended(failed, JobStatus.FAILED)
    again = start_run(campaign=labeled, acting_user=None, now=NOW)
    assert again.round == failed.round
    ended(again, JobStatus.CANCELLED)
    start_generation(campaign=labeled, acting_user=None, now=NOW, spec=SPEC)
    assert start_run(campaign=labeled, acting_user=None, now=NOW).round == labeled.rounds.get(number=2)
    assert outcomes(labeled) == [(1, "no_version"), (2, "")]


def test_the_texts_of_a_blind_test_belong_to_no_round(labeled: Campaign, base: ModelVersion, maya: User) -> None:
    prompts = list(labeled.prompts.all())
    test = create_blind_test(like=labeled, number=1, prompts=prompts, votes=1, acting_user=None, now=NOW)
    other = ModelVersion.objects.create(
        name="other", base_dir=base.base_dir, content_hash=base.content_hash, created_at=NOW
    )
    job = write_blind_texts(
        blind_test=test,
        versions=[other, base],
        settings=TINY_SETTINGS,
        hides_versions=True,
        acting_user=None,
        now=NOW,
    )
    assert job.round is None
    assert not Round.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_open_one_round(campaign: Campaign) -> None:
    found: list[int] = []
    together = threading.Barrier(8)

    def act() -> None:
        together.wait()
        with transaction.atomic():
            found.append(collecting_round(campaign=campaign, acting_user=None, now=NOW).pk)
        connection.close()

    threads = [threading.Thread(target=act) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [Round.objects.get().pk] * 8
    assert Event.objects.filter(verb="round.opened").count() == 1
