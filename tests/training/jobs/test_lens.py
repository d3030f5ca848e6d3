"""Reading hidden rewards: the real engine as a child process, on a version that learned something."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from labeling.models import Campaign, Comparison, Event, User
from tests.training.conftest import NOW, add_written_pairs
from training.actions.lens import start_lens_job
from training.actions.runs import start_run
from training.engine.losses import LossSettings, Pairs, pair_losses
from training.errors import JobActive, WrongSettings
from training.jobs.lens import LensWork, run_lens_job
from training.jobs.run import run_training_job
from training.lens.figures import views
from training.lens.pairs import Pair, pair_of_comparison, pair_of_texts
from training.lens.surprises import worst_predicted
from training.models import JobStatus, LensJob, ModelVersion, Run

pytestmark = pytest.mark.django_db

LEARNS = {
    "epochs": 3,
    "pairs_per_step": 8,
    "learning_rate": 0.01,
    "dtype": "float32",
    "lora_rank": 2,
    "threads": 1,
    "checkpoint_every": 0,
    "beta": 0.3,
}
PAIR: Pair = pair_of_texts([{"role": "user", "content": "what does the red cat see ?"}], "the cat sees tea", "no tea")
WORDS = enumerate(["cat", "dog", "tree", "house"])


@pytest.fixture
def learned(campaign: Campaign, base: ModelVersion) -> ModelVersion:
    """A version that prefers the short texts."""
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW, config=LEARNS)
    assert run_training_job(run.pk) is not None
    return ModelVersion.objects.get(run=run)


def test_a_lens_job_tells_every_token_and_a_run_its_worst_pairs(
    campaign: Campaign, learned: ModelVersion, maya: User
) -> None:
    run = Run.objects.select_related("snapshot", "campaign").get()
    worst = worst_predicted(run, limit=3)
    assert [one.margin for one in worst] == sorted(one.margin for one in worst)
    assert worst[0].comparison is not None
    assert worst[0].comparison.status == Comparison.Status.SETTLED
    assert worst_predicted(run, limit=99, split="test")[0].split == "test"
    assert len(worst_predicted(run, limit=99)) == run.snapshot.train_pairs + run.snapshot.test_pairs

    comparison = worst[0].comparison
    asked: dict[str, Any] = {"version": learned, "pair": pair_of_comparison(comparison), "comparison": comparison}
    lens_job = start_lens_job(**asked, campaign=campaign, acting_user=maya, now=NOW)
    assert start_lens_job(**asked, campaign=campaign, acting_user=maya, now=NOW) == lens_job  # the same question
    done = run_lens_job(lens_job.pk)

    assert done is not None
    assert (done.status, done.error, done.beta) == (JobStatus.FINISHED, "", 0.3)
    assert done.result is not None
    after, before = views(done.result)
    assert before is None  # its parent is the reference
    assert done.result["reward_model"] is None
    chosen, rejected = comparison.verdict.winner, "b" if comparison.verdict.winner == "a" else "a"
    texts = {"a": comparison.completion_a.text, "b": comparison.completion_b.text}
    for side, name in ((after.chosen, chosen), (after.rejected, rejected)):
        assert "".join(token.text for token in side.tokens).replace(" <|im_end|>", "") == texts[name]
    # The lens, the run's own margins and the engine's loss say the same.
    told = after.figures(done.beta)
    assert told.margin == pytest.approx(worst[0].margin, abs=1e-3)
    settings, sides = LossSettings(beta=0.3), (after.chosen, after.rejected)
    assert told.loss == pytest.approx(_loss(sides, settings), abs=1e-6)
    assert run_lens_job(lens_job.pk) is None
    assert Event.objects.filter(verb="lens.finished").count() == 1


def _loss(sides: tuple[Any, Any], settings: LossSettings) -> float:
    import torch

    columns = Pairs(
        policy=torch.tensor([[side.logp for side in sides]], dtype=torch.float64),
        reference=torch.tensor([[side.reference for side in sides]], dtype=torch.float64),
        tokens=torch.tensor([[len(side.tokens) for side in sides]], dtype=torch.float64),
        confidence=torch.ones(1, dtype=torch.float64),
    )
    return float(pair_losses(columns, settings))


def test_what_the_engine_would_refuse_is_refused_at_once(base: ModelVersion, maya: User) -> None:
    for changes, words in (
        ({"rejected": PAIR["chosen"]}, "the same"),
        ({"rejected": " "}, "say something"),
        ({"chosen": "x" * 30_000}, "longer than"),
        ({"prompt": [{"role": "assistant", "content": "Hello"}]}, "ends with a message of the user"),
    ):
        with pytest.raises(WrongSettings, match=words):
            start_lens_job(version=base, pair={**PAIR, **changes}, acting_user=maya, now=NOW)
    assert not LensJob.objects.exists()


def test_one_person_cannot_fill_the_queue(base: ModelVersion, maya: User) -> None:
    for number in range(5):
        start_lens_job(version=base, pair={**PAIR, "chosen": f"tea {number}"}, acting_user=maya, now=NOW)
    with pytest.raises(JobActive):
        start_lens_job(version=base, pair={**PAIR, "chosen": "one more"}, acting_user=maya, now=NOW)


def test_files_that_were_changed_end_it_with_the_reason(base: ModelVersion, maya: User) -> None:
    lens_job = start_lens_job(version=base, pair=PAIR, acting_user=maya, now=NOW)
    (Path(base.base_dir) / "new.txt").write_text("?")
    done = run_lens_job(lens_job.pk)
    (Path(base.base_dir) / "new.txt").unlink()
    assert done is not None
    assert done.status == JobStatus.FAILED
    assert "not those that were registered" in done.error


def test_an_explicit_reward_model_says_what_it_thinks(
    base: ModelVersion, maya: User, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.engine.config import RunConfig
    from training.engine.events import Caller, StopRequest
    from training.engine.learning.run import TrainFiles, TrainingKind, train

    lines = [json.dumps({**PAIR, "id": f"{number}", "prompt": f"what does {word} see ?"}) for number, word in WORDS]
    data = tmp_path / "pairs.jsonl"
    data.write_text("\n".join(lines))
    files = TrainFiles(Path(base.base_dir), data, tmp_path / "judge")
    small = RunConfig(epochs=3, learning_rate=0.01, lora_rank=2, dtype="float32", device="cpu", threads=1)
    train(files, small, caller=Caller(lambda event: None, StopRequest()), kind=TrainingKind.REWARD_MODEL)
    folder = settings.VAR_DIR / "reward_models" / "judge"
    shutil.copytree(tmp_path / "judge" / "reward_model", folder)
    tokens = [["no", -1.0, -1.0]]
    monkeypatch.setattr(LensWork, "_tokens", lambda *of: {"version": "v", "chosen": tokens, "rejected": tokens})
    done = run_lens_job(start_lens_job(version=base, pair=PAIR, acting_user=maya, now=NOW).pk)
    assert done is not None
    assert done.error == ""
    assert done.result is not None
    opinion = done.result["reward_model"]
    assert opinion["name"] == "judge"
    assert opinion["margin"] == pytest.approx(opinion["chosen"] - opinion["rejected"])
    assert opinion["margin"] > 0  # as it was taught
