"""Every way to get two texts worth comparing: who writes what, what is drawn again, what is kept of it."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from labeling.actions.comparisons import ComparisonDraft, CompletionDraft, add_comparisons
from labeling.models import Campaign, Comparison, Completion
from tests.training.conftest import NOW, QUESTIONS, TINY_SETTINGS
from tests.training.jobs.scripted import Scripted
from tests.training.jobs.test_generation import real_source
from training.actions.generation import start_generation
from training.errors import NoPrompts, WrongSettings
from training.generation import GenerationFailure, GenerationRequest
from training.jobs import generation, rewards
from training.jobs.generation import run_generation_job
from training.models import GenerationJob, JobStatus, ModelVersion
from training.queries.jobs import diversity
from training.versions import files

pytestmark = pytest.mark.django_db

PAIRS = len(QUESTIONS)


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "LONGEST_PAUSE_SECONDS", 0.0)


def by_seed(request: GenerationRequest, _: int) -> str:
    return f"text {request.seed}"


def done(job: GenerationJob, script: Scripted) -> GenerationJob:
    finished = run_generation_job(job.pk, source_of=script.source)
    assert finished is not None
    assert (finished.status, finished.error) == (JobStatus.FINISHED, "")
    assert finished.done == finished.total
    return finished


def start(campaign: Campaign, **options: Any) -> GenerationJob:
    return start_generation(
        campaign=campaign, acting_user=None, now=NOW, **{"settings": TINY_SETTINGS, "seed": 3, **options}
    )


@pytest.fixture
def trained(base: ModelVersion, var_dir: Path) -> ModelVersion:
    """A version with an adapter, as far as planning looks at it."""
    folder = var_dir / "versions" / "trained" / "adapter"
    return ModelVersion.objects.create(
        name="trained", base_dir=base.base_dir, adapter_dir=str(folder), content_hash="x", parent=base, created_at=NOW
    )


# --- Two settings of one version ---


def test_two_seeds_of_a_version_are_neighbours_so_that_a_server_reads_the_prompt_once(
    campaign: Campaign, base: ModelVersion
) -> None:
    script = Scripted(by_seed)
    done(start(campaign), script)
    first, second = script.asked[0], script.asked[1]
    assert (first.messages, second.seed) == (second.messages, first.seed + 1)


def test_two_temperatures_are_asked_for_and_kept_with_each_text(campaign: Campaign, base: ModelVersion) -> None:
    done(start(campaign, strategy="two_temperatures", second_settings={"temperature": 0.3}), Scripted(by_seed))
    for comparison in campaign.comparisons.select_related("completion_a", "completion_b"):
        temperatures = {one.sampling["temperature"] for one in (comparison.completion_a, comparison.completion_b)}
        assert temperatures == {1.0, 0.3}


def test_two_system_prompts_are_shown_to_the_model_and_kept_with_each_text(
    campaign: Campaign, base: ModelVersion
) -> None:
    script = Scripted(by_seed)
    done(start(campaign, strategy="two_prompts", second_settings={"system_prompt": "Be brief."}), script)
    roles = [[turn["role"] for turn in request.conversation] for request in script.asked[:2]]
    assert roles == [["user"], ["system", "user"]]
    prompts = list(Completion.objects.values_list("sampling__system_prompt", flat=True))
    assert sorted(map(str, prompts)) == ["Be brief."] * PAIRS + ["None"] * PAIRS


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategy": "two_temperatures"}, "wants the second text's temperature"),
        ({"strategy": "two_temperatures", "second_settings": {"temperature": 1.0}}, "the same temperature"),
        ({"strategy": "two_temperatures", "second_settings": {"temperature": -1}}, "must lie between"),
        ({"strategy": "two_prompts", "second_settings": {"temperature": 0.2}}, "wants the second text's system_prompt"),
        ({"second_settings": {"temperature": 0.2}}, "both texts have the same settings"),
        ({"candidates": 4}, "belong to the strategy best_worst"),
        ({"strategy": "best_worst"}, "tiny-base has no implicit reward"),
        ({"strategy": "best_worst", "reward_model": "../secrets"}, "There is no reward model"),
        ({"strategy": "sorcery"}, "is not known"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(
    campaign: Campaign, base: ModelVersion, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(WrongSettings, match=words):
        start(campaign, **options)
    assert not campaign.generation_jobs.exists()


# --- Against imported texts ---


def test_a_version_is_compared_with_the_texts_that_were_imported(campaign: Campaign, base: ModelVersion) -> None:
    prompts = list(campaign.prompts.order_by("pk")[:3])
    drafts = [
        ComparisonDraft(
            prompt, CompletionDraft(f"good {prompt.pk}", "somebody"), CompletionDraft("bad"), preference="first"
        )
        for prompt in prompts
    ]
    add_comparisons(campaign=campaign, drafts=drafts, source="test", acting_user=None, now=NOW)
    before = set(Completion.objects.values_list("pk", flat=True))

    script = Scripted(by_seed)
    job = start(campaign, strategy="imported", pairs_per_prompt=5)
    assert job.total == 6, "two imported texts of three prompts; the others have none"
    done(job, script)

    assert len(script.asked) == 6
    made = Comparison.objects.filter(source=f"generation {job.pk}")
    for comparison in made:
        sides = {comparison.completion_a_id, comparison.completion_b_id}
        assert len(sides & before) == 1, "the imported text is the one that was there, not a copy"
    assert made.count() == 6


def test_without_imported_texts_there_is_nothing_to_compare_with(campaign: Campaign, base: ModelVersion) -> None:
    with pytest.raises(NoPrompts, match="imported"):
        start(campaign, strategy="imported")
    assert not campaign.generation_jobs.exists()


# --- The best and the worst of several ---


def judge_by_number(monkeypatch: pytest.MonkeyPatch, reward: Callable[[str], float]) -> list[dict[str, Any]]:
    """The engine's scores are `reward` of each text. Returns what it is asked to score."""
    asked: list[dict[str, Any]] = []

    def run_engine(command: list[str], *, should_stop: Callable[[], bool]) -> dict[str, Any]:
        records = [json.loads(line) for line in Path(command[command.index("--data") + 1]).read_text().splitlines()]
        asked.extend(records)
        lines = [
            {"id": one["id"]} | {f"{side}_reward": reward(one[side]) for side in ("chosen", "rejected")}
            for one in records
        ]
        Path(command[command.index("--out") + 1]).write_text("".join(json.dumps(line) + "\n" for line in lines))
        return {"pairs": len(lines)}

    monkeypatch.setattr(rewards, "run_engine", run_engine)
    monkeypatch.setattr(files, "check_version", lambda version: None)
    return asked


def test_of_several_candidates_the_best_and_the_worst_become_the_pair(
    campaign: Campaign, trained: ModelVersion, base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored = judge_by_number(monkeypatch, lambda text: float(text.split()[-1]))
    script = Scripted(lambda request, _: f"candidate {request.seed % 1000 * 7 % 5} is {request.seed}")
    job = done(start(campaign, strategy="best_worst", candidates=5, versions=[base], reward_version=trained), script)

    assert (job.total, len(script.asked)) == (5 * PAIRS, 5 * PAIRS)
    assert len(scored) == 3 * PAIRS, "two at a time, the odd one with the first"
    assert scored[0]["prompt_ids"] == [1, 2], "what was read is what is judged"
    for item in job.items.all():
        assert item.comparison is not None
        sides = {
            side.seed: side.sampling["selected"]
            for side in (item.comparison.completion_a, item.comparison.completion_b)
        }
        assert set(sides) == {item.seed_first, item.seed_first + 4}, "least and greatest of five neighbours"
        assert sides[item.seed_first + 4] == {
            "rank": "best",
            "of": 5,
            "reward": float(item.seed_first + 4),
            "by": "implicit reward of trained against tiny-base",
        }
        assert item.candidates == {}


def test_candidates_that_are_all_alike_are_left_out(
    campaign: Campaign, trained: ModelVersion, base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_by_number(monkeypatch, lambda text: 0.0)
    script = Scripted(lambda request, _: "always the same")
    job = done(start(campaign, strategy="best_worst", candidates=3, versions=[base], reward_version=trained), script)
    assert (job.dropped, campaign.comparisons.count()) == (PAIRS, 0)
    assert set(job.items.values_list("reason", flat=True)) == {"Both texts were the same."}


def test_candidates_that_were_written_before_a_kill_are_not_written_again(
    campaign: Campaign, trained: ModelVersion, base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_by_number(monkeypatch, lambda text: float(text.split()[-1]))
    monkeypatch.setattr(generation, "SECONDS_PER_WRITE", 0.0)

    class Killed(BaseException):
        """Ends the worker as SIGKILL would."""

    def answer(request: GenerationRequest, _: int) -> str:
        if len(first.asked) == 8:
            raise Killed
        return f"text {request.seed}"

    first = Scripted(answer)
    job = start(campaign, strategy="best_worst", candidates=3, versions=[base], reward_version=trained)
    with pytest.raises(Killed):
        run_generation_job(job.pk, source_of=first.source)
    GenerationJob.objects.filter(pk=job.pk).update(worker="", heartbeat_at=NOW)
    second = Scripted(by_seed)
    done(job, second)
    written = {request.key for request in first.asked[:7]}
    assert not written & {request.key for request in second.asked}
    assert len(second.asked) == 3 * PAIRS - 7
    assert campaign.comparisons.count() == PAIRS


@pytest.mark.slow
def test_the_engine_itself_judges_candidates(campaign: Campaign, base: ModelVersion, var_dir: Path) -> None:
    """A real adapter, the real sampler, the real engine: the order is that of beta times the log-ratio."""
    from tests.training.generation.test_loading import write_adapter

    folder = write_adapter(Path(base.base_dir), var_dir / "adapter")
    judge = ModelVersion.objects.create(
        name="judge",
        base_dir=base.base_dir,
        adapter_dir=str(folder),
        content_hash=files.content_hash(folder),
        parent=base,
        lineage={"base_hash": base.content_hash},
        created_at=NOW,
    )
    job = start(
        campaign,
        strategy="best_worst",
        candidates=3,
        versions=[base],
        reward_version=judge,
        prompts=campaign.prompts.order_by("pk")[:2],
    )
    finished = run_generation_job(job.pk, source_of=real_source)
    assert finished is not None
    assert (finished.status, finished.error) == (JobStatus.FINISHED, "")
    for comparison in campaign.comparisons.select_related("completion_a", "completion_b"):
        selected = {
            one.sampling["selected"]["rank"]: one.sampling["selected"]["reward"] for one in sides_of(comparison)
        }
        assert selected["best"] > selected["worst"]
    assert campaign.comparisons.count() + finished.dropped == 2


def sides_of(comparison: Comparison) -> tuple[Completion, Completion]:
    return comparison.completion_a, comparison.completion_b


# --- Nearly the same, and how much they differ ---


def test_nearly_the_same_texts_are_drawn_again_and_then_left_out_with_the_share(
    campaign: Campaign, base: ModelVersion
) -> None:
    long = " ".join(f"w{number}" for number in range(60))
    stubborn = start(campaign)
    first = stubborn.items.order_by("pk")[0].pk

    def answer(request: GenerationRequest, before: int) -> str:
        if request.key == f"{first}:first":
            return long
        if request.key == f"{first}:second":
            return long.replace("w30", f"x{before}")
        return f"text {request.seed}"

    job = done(stubborn, Scripted(answer))
    item = job.items.get(pk=first)
    assert (item.status, item.resampled) == ("dropped", True)
    assert item.reason == "Both texts were nearly the same: they share 97% of their word pairs."
    assert (job.dropped, job.redrawn) == (1, 1)


def test_how_much_the_texts_differ_is_measured_and_the_tokens_are_counted(
    campaign: Campaign, base: ModelVersion
) -> None:
    script = Scripted(lambda request, _: "one two three" if request.key.endswith("first") else f"four {request.seed}")
    job = done(start(campaign), script)
    assert diversity(job) == {"pairs": PAIRS, "similarity": 0.0, "distinct": 1.0, "ended": 1.0}
    assert (job.tokens_read, job.tokens_written) == (4 * PAIRS, 4 * PAIRS)


def test_what_failed_rests_before_it_is_asked_for_again(
    campaign: Campaign, base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("training.jobs.generation.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("training.jobs.generation.time.sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    monkeypatch.setattr(generation, "LONGEST_PAUSE_SECONDS", 60.0)
    job = start(campaign)
    tired = job.items.order_by("pk")[0].pk
    asked_at: list[float] = []

    def answer(request: GenerationRequest, before: int) -> str | GenerationFailure:
        if request.key != f"{tired}:second":
            return f"text {request.seed}"
        asked_at.append(clock[0])
        busy = GenerationFailure(request.key, "The server is busy.", retryable=True)
        return busy if before < 3 else f"text {request.seed}"

    done(job, Scripted(answer))
    pauses = [later - earlier for earlier, later in pairwise(asked_at)]
    assert [pause >= 2**number for number, pause in enumerate(pauses, 1)] == [True] * 3
