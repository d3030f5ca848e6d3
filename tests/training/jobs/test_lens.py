"""Reading hidden rewards: the real engine as a child process, on a version that learned something."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeling.models import Campaign, Comparison, Event, User
from tests.people import asks
from tests.training.conftest import NOW, add_written_pairs
from training.actions.lens import start_lens_job
from training.actions.runs import RunSpec, start_run
from training.engine.loss_settings import LossSettings
from training.engine.losses import Pairs, pair_losses
from training.jobs.lens import LensWork, run_lens_job
from training.jobs.run import run_training_job
from training.lens.figures import views
from training.lens.pairs import LensSubject, pair_of_texts, subject_of_comparison
from training.lens.surprises import worst_predicted
from training.models import JobStatus, ModelVersion, Run

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
PROMPT = asks("what does the red cat see ?")
PAIR = pair_of_texts(PROMPT, "the cat sees tea", "no tea")
SUBJECT = LensSubject(PAIR)
WORDS = enumerate(["cat", "dog", "tree", "house"])


@pytest.fixture
def learned(campaign: Campaign, base: ModelVersion) -> ModelVersion:
    """A version that prefers the short texts."""
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config=LEARNS))
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
    subject = subject_of_comparison(comparison)
    lens_job = start_lens_job(version=learned, subject=subject, acting_user=maya, now=NOW)
    again = start_lens_job(version=learned, subject=subject, acting_user=maya, now=NOW)
    assert again == lens_job  # the same question
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
    figures = after.figures(done.beta)
    assert figures.margin == pytest.approx(worst[0].margin, abs=1e-3)
    settings, sides = LossSettings(beta=0.3), (after.chosen, after.rejected)
    assert figures.loss == pytest.approx(_loss(sides, settings), abs=1e-6)
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


def test_files_that_were_changed_end_it_with_the_reason(base: ModelVersion, maya: User) -> None:
    lens_job = start_lens_job(version=base, subject=SUBJECT, acting_user=maya, now=NOW)
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
    from training.engine.learning.run import TrainingKind, train
    from training.engine.run_folder import TrainFiles

    lines = [
        replace(PAIR, id=f"{number}", prompt=asks(f"what does {word} see ?")).canonical_json() for number, word in WORDS
    ]
    data = tmp_path / "pairs.jsonl"
    data.write_bytes(b"\n".join(lines))
    files = TrainFiles(Path(base.base_dir), data, tmp_path / "judge")
    small = RunConfig(epochs=3, learning_rate=0.01, lora_rank=2, dtype="float32", device="cpu", threads=1)
    train(files, small, caller=Caller(lambda event: None, StopRequest()), kind=TrainingKind.REWARD_MODEL)
    folder = settings.VAR_DIR / "reward_models" / "judge"
    shutil.copytree(tmp_path / "judge" / "reward_model", folder)
    tokens = [["no", -1.0, -1.0]]
    monkeypatch.setattr(LensWork, "_tokens", lambda *of: {"version": "v", "chosen": tokens, "rejected": tokens})
    done = run_lens_job(start_lens_job(version=base, subject=SUBJECT, acting_user=maya, now=NOW).pk)
    assert done is not None
    assert done.error == ""
    assert done.result is not None
    opinion = done.result["reward_model"]
    assert opinion["name"] == "judge"
    assert opinion["margin"] == pytest.approx(opinion["chosen"] - opinion["rejected"])
    assert opinion["margin"] > 0  # as it was taught
