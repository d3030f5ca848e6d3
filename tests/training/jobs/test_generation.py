"""Doing a generation job: with the real sampler on a tiny model, and with sources that fail on purpose."""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path

import pytest

from common.sentences import Sentence
from labeling.models import Campaign, Completion
from tests.training.conftest import NOW, QUESTIONS, TINY_SETTINGS
from tests.training.jobs.scripted import Scripted
from training import claims
from training.actions.generation import cancel_generation, start_generation
from training.actions.planning import GenerationSpec
from training.generation import (
    GenerationFailure,
    GenerationRequest,
    GeneratorUnavailable,
    SamplingSettings,
)
from training.jobs import generation
from training.jobs.candidates import MAX_TRIES
from training.jobs.generation import run_generation_job
from training.jobs.sampler import SamplerDied, Source
from training.models import GenerationItem, GenerationJob, JobStatus, ModelVersion
from training.queries.jobs import LeftOut, left_out

pytestmark = pytest.mark.django_db

PAIRS = len(QUESTIONS)


@cache
def embedded(folder: Path, name: str) -> Source:
    """The real sampler, in this process: loaded once for all tests."""
    from training.generation import EmbeddedSampler

    return EmbeddedSampler(folder, identifier=name)


def real_source(version: ModelVersion) -> AbstractContextManager[Source]:
    return nullcontext(embedded(Path(version.base_dir), version.name))


def test_the_sampler_in_its_own_process_writes_every_pair_with_everything_that_made_it(
    job: GenerationJob, campaign: Campaign, base: ModelVersion
) -> None:
    done = run_generation_job(job.pk)

    assert done is not None
    assert (done.status, done.error) == (JobStatus.FINISHED, "")
    assert (done.done, done.total) == (2 * PAIRS, 2 * PAIRS)
    items = list(job.items.select_related("comparison"))
    kept = [item for item in items if item.status == GenerationItem.Status.DONE]
    assert len(kept) + done.dropped == PAIRS
    assert campaign.comparisons.count() == len(kept) >= PAIRS - 2
    assert all(item.comparison is not None and item.first is None and item.second is None for item in kept)
    for completion in Completion.objects.all():
        assert completion.model_version == base.name
        assert SamplingSettings(**completion.sampling) == SamplingSettings(**TINY_SETTINGS)  # type: ignore[arg-type]
        assert completion.prompt_token_ids
        assert completion.token_ids
        assert len(completion.token_ids) <= TINY_SETTINGS["max_tokens"]
        assert completion.finish_reason in ("stop", "length")
        assert completion.logprob_sum is not None
        assert completion.logprob_sum < 0
    seeds = {seed for item in kept for seed in (item.seed_first, item.seed_second)}
    assert set(Completion.objects.values_list("seed", flat=True)) == seeds


def test_the_same_job_in_another_process_writes_the_same_texts(campaign: Campaign, base: ModelVersion) -> None:
    def texts() -> set[str]:
        job = start_generation(
            campaign=campaign, acting_user=None, now=NOW, spec=GenerationSpec(settings=TINY_SETTINGS, seed=3)
        )
        run_generation_job(job.pk, source_of=real_source)
        completions = set(Completion.objects.values_list("text", flat=True))
        campaign.comparisons.all().delete()
        Completion.objects.all().delete()
        return completions

    assert texts() == texts()


def test_half_a_pair_that_was_written_in_between_leaves_nothing_in_its_row(
    job: GenerationJob, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "SECONDS_PER_WRITE", 0.0)
    run_generation_job(job.pk, source_of=Scripted(lambda request, _: f"text {request.seed}").source)
    assert set(job.items.values_list("status", "first", "second")) == {("done", None, None)}
    assert campaign.comparisons.count() == PAIRS


def test_a_finished_job_is_not_claimed_again(job: GenerationJob) -> None:
    run_generation_job(job.pk, source_of=real_source)

    assert run_generation_job(job.pk, source_of=real_source) is None
    job.refresh_from_db()
    assert job.attempts == 1


def test_after_a_worker_is_killed_the_next_one_asks_only_for_what_is_missing(
    job: GenerationJob, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "PAIRS_PER_WRITE", 2)

    class Killed(BaseException):
        """Ends the worker as SIGKILL would: nothing on the way out may write."""

    def answer(request: GenerationRequest, _: int) -> str:
        if len(first.asked) == 15:
            raise Killed
        return f"text {request.seed}"

    first = Scripted(answer)
    with pytest.raises(Killed):
        run_generation_job(job.pk, source_of=first.source)
    job.refresh_from_db()
    assert (job.status, job.done) == (JobStatus.RUNNING, 12)  # seven pairs came, six were written

    GenerationJob.objects.filter(pk=job.pk).update(worker="", heartbeat_at=NOW)
    second = Scripted(lambda request, _: f"text {request.seed}")
    done = run_generation_job(job.pk, source_of=second.source)

    assert done is not None
    assert (done.status, done.attempts) == (JobStatus.FINISHED, 2)
    assert len(second.asked) == 2 * PAIRS - 12
    assert campaign.comparisons.count() == PAIRS
    assert Completion.objects.count() == 2 * PAIRS


def test_half_a_pair_waits_in_its_row_until_the_other_version_has_written(
    campaign: Campaign, base: ModelVersion
) -> None:
    child = ModelVersion.objects.create(
        name="child", base_dir=base.base_dir, content_hash=base.content_hash, parent=base, created_at=NOW
    )
    job = start_generation(
        campaign=campaign,
        acting_user=None,
        now=NOW,
        spec=GenerationSpec(strategy="two_versions", versions=[child, base]),
    )
    order: list[str] = []
    script = Scripted(lambda request, _: f"text {request.seed}")

    def source_of(version: ModelVersion) -> AbstractContextManager[Source]:
        order.append(version.name)
        if version == child:
            assert job.items.filter(second__isnull=False, status="waiting").count() == PAIRS
            job.refresh_from_db()
            assert (job.done, job.total) == (PAIRS, 2 * PAIRS)
        return nullcontext(script)

    done = run_generation_job(job.pk, source_of=source_of)

    assert done is not None
    assert done.status == JobStatus.FINISHED
    assert order == ["tiny-base", "child"]  # each is loaded once
    assert campaign.comparisons.count() == PAIRS


def test_equal_texts_are_drawn_again_once_and_then_dropped_and_counted(job: GenerationJob, campaign: Campaign) -> None:
    stubborn = job.items.order_by("pk")[0].pk
    slow = job.items.order_by("pk")[1].pk

    def answer(request: GenerationRequest, before: int) -> str:
        number = int(request.key.partition(":")[0])
        if number == stubborn or (number == slow and before == 0):
            return "the same"
        return f"text {request.seed}"

    script = Scripted(answer)
    done = run_generation_job(job.pk, source_of=script.source)

    assert done is not None
    assert (done.status, done.dropped, done.done) == (JobStatus.FINISHED, 1, 2 * PAIRS)
    dropped = job.items.get(pk=stubborn)
    assert (dropped.status, dropped.reason) == ("dropped", "Both texts were the same.")
    kept = job.items.get(pk=slow)
    assert (kept.status, kept.resampled) == ("done", True)
    seeds = [request.seed for request in script.asked if request.key == f"{slow}:second"]
    assert len(seeds) == len(set(seeds)) == 2
    assert campaign.comparisons.count() == PAIRS - 1


def test_only_the_empty_text_of_a_pair_is_drawn_again(job: GenerationJob) -> None:
    empty = job.items.order_by("pk")[0].pk
    script = Scripted(
        lambda request, before: " " if request.key == f"{empty}:first" and not before else f"text {request.seed}"
    )

    run_generation_job(job.pk, source_of=script.source)

    again = [request.key for request in script.asked[2 * PAIRS :]]
    assert again == [f"{empty}:first"]
    assert job.items.get(pk=empty).status == "done"


def test_a_failure_is_kept_with_its_reason_and_the_others_go_on(job: GenerationJob, campaign: Campaign) -> None:
    broken, tired = job.items.order_by("pk").values_list("pk", flat=True)[:2]

    def answer(request: GenerationRequest, before: int) -> str | GenerationFailure:
        if request.key == f"{broken}:first":
            return GenerationFailure(request.key, "The prompt is longer than the model reads.", retryable=False)
        if request.key == f"{tired}:second" and before < 2:
            return GenerationFailure(request.key, "The server is busy.", retryable=True)
        return f"text {request.seed}"

    done = run_generation_job(job.pk, source_of=Scripted(answer).source)

    assert done is not None
    assert (done.status, done.failed, done.done) == (JobStatus.FINISHED, 1, 2 * PAIRS)
    assert left_out(done) == [LeftOut("failed", Sentence("The prompt is longer than the model reads."), 1)]
    assert job.items.get(pk=tired).status == "done"
    assert campaign.comparisons.count() == PAIRS - 1


def test_what_never_stops_failing_is_given_up_after_a_few_tries(job: GenerationJob) -> None:
    script = Scripted(lambda request, _: GenerationFailure(request.key, "The server is down.", retryable=True))

    done = run_generation_job(job.pk, source_of=script.source)

    assert done is not None
    assert (done.status, done.failed) == (JobStatus.FINISHED, PAIRS)
    assert len(script.asked) <= MAX_TRIES * 2 * PAIRS
    assert left_out(done) == [LeftOut("failed", Sentence("The server is down."), PAIRS)]


def test_a_text_that_no_row_can_hold_costs_its_pair_only(job: GenerationJob, campaign: Campaign) -> None:
    hostile = {0: "a text\x00", 1: "half a pair \ud83d"}

    def answer(request: GenerationRequest, _: int) -> str:
        return hostile.get(len(script.asked) - 1, f"text {request.seed}")

    script = Scripted(answer)
    done = run_generation_job(job.pk, source_of=script.source)

    assert done is not None
    assert (done.status, done.error, done.done) == (JobStatus.FINISHED, "", 2 * PAIRS)
    assert campaign.comparisons.count() == PAIRS - done.dropped
    assert done.dropped in (1, 2)
    assert left_out(done) == [
        LeftOut("dropped", Sentence("A text held a character that cannot be stored."), done.dropped)
    ]


def test_cancelling_keeps_what_is_written_and_stops_soon(
    job: GenerationJob, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "HEARTBEAT_SECONDS", 0.0)

    def answer(request: GenerationRequest, _: int) -> str:
        if len(script.asked) == 10:
            cancel_generation(job=job, acting_user=None, now=NOW)
        return f"text {request.seed}"

    script = Scripted(answer)
    done = run_generation_job(job.pk, source_of=script.source)

    assert done is not None
    assert done.status == JobStatus.CANCELLED
    assert len(script.asked) == 10
    assert campaign.comparisons.count() == 5


def test_a_worker_that_was_taken_for_dead_writes_nothing_any_more(
    job: GenerationJob, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "PAIRS_PER_WRITE", 1)

    def answer(request: GenerationRequest, _: int) -> str:
        if len(script.asked) == 5:  # two pairs are written; now another worker takes the job
            GenerationJob.objects.filter(pk=job.pk).update(attempts=7)
        return f"text {request.seed}"

    script = Scripted(answer)
    left = run_generation_job(job.pk, source_of=script.source)

    assert left is not None
    assert (left.status, left.attempts) == (JobStatus.RUNNING, 7)
    assert campaign.comparisons.count() == 2
    assert len(script.asked) == 6


def test_a_sampler_that_keeps_dying_fails_the_job_with_its_last_words(job: GenerationJob) -> None:
    script = Scripted(lambda request, _: SamplerDied("The sampler ended with code -9."))

    done = run_generation_job(job.pk, source_of=script.source)

    assert done is not None
    assert (done.status, done.error) == (JobStatus.FAILED, "The sampler ended with code -9.")


def test_a_sampler_that_dies_once_in_a_while_does_not_fail_the_job(job: GenerationJob, campaign: Campaign) -> None:
    def answer(request: GenerationRequest, _: int) -> str | Exception:
        return SamplerDied("killed") if len(script.asked) % 7 == 0 else f"text {request.seed}"

    script = Scripted(answer)
    done = run_generation_job(job.pk, source_of=script.source)

    assert done is not None
    assert done.status == JobStatus.FINISHED
    assert campaign.comparisons.count() == PAIRS


def test_a_server_that_is_away_for_a_while_is_waited_for_and_the_lead_sees_why(
    job: GenerationJob, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "PAIRS_PER_WRITE", 1)
    seen: list[str] = []

    def answer(request: GenerationRequest, _: int) -> str | Exception:
        if len(script.asked) in (6, 7, 8):
            return GeneratorUnavailable("No server answers at this address.")
        seen.append(GenerationJob.objects.get(pk=job.pk).error)
        return f"text {request.seed}"

    script = Scripted(answer)
    done = run_generation_job(job.pk, source_of=script.source)

    assert done is not None
    assert (done.status, done.error) == (JobStatus.FINISHED, "")
    assert "Waiting for the server. No server answers at this address." in seen
    assert seen[-1] == ""  # and that is over once it writes again
    assert campaign.comparisons.count() == PAIRS


def test_damaged_weights_fail_the_job_before_they_are_loaded(job: GenerationJob, base: ModelVersion) -> None:
    ModelVersion.objects.filter(pk=base.pk).update(content_hash="0" * 64)

    done = run_generation_job(job.pk)

    assert done is not None
    assert done.status == JobStatus.FAILED
    assert "not those that were registered" in done.error


def test_a_fault_of_our_own_is_shown_and_not_repeated_for_ever(job: GenerationJob) -> None:
    done = run_generation_job(job.pk, source_of=Scripted(lambda *_: ValueError("a bug")).source)

    assert done is not None
    assert (done.status, done.error) == (JobStatus.FAILED, "Unexpected: ValueError: a bug")
