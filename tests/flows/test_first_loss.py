"""The first DPO loss of TRL on an exported file is our engine's on the same file, away from the reference."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.exchange import Message
from tests.labeling.management.running import run
from tests.people import stage
from tests.training.tiny import write_tiny_model
from training.engine.config import RunConfig
from training.engine.data.packing import pack_rows
from training.engine.data.records import TokenPair, read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.losses import Pairs, pair_losses
from training.engine.model.policy import Policy

pytestmark = pytest.mark.django_db

CONFIG = RunConfig(dtype="float32", device="cpu", beta=2.0, tuning="full")


def drafts() -> list[ComparisonDraft]:
    """Pairs of unlike lengths; a system message, an earlier turn, and several lines."""
    asked: list[list[Message]] = [
        [{"role": "user", "content": "the sun here ?"}],
        [{"role": "system", "content": "please asks often ."}, {"role": "user", "content": "who knows the cat"}],
        [
            {"role": "user", "content": "the old house"},
            {"role": "assistant", "content": "yes ."},
            {"role": "user", "content": "and the road ?"},
        ],
        [{"role": "user", "content": "a book or bread\ntwo : one"}],
    ]
    answers = [("yes .", "no , never here"), ("the dog knows the cat", "maybe ."), ("always .", "often"), ("tea", "a")]
    return [
        ComparisonDraft(prompt, CompletionDraft(first), CompletionDraft(second), preference="first")
        for prompt, (first, second) in zip(asked, answers, strict=True)
    ]


@pytest.mark.parametrize("dialect", ["trl", "trl-implicit"])
def test_the_first_loss_is_trls(dialect: str, tmp_path: Path) -> None:
    scene = stage(status="active")
    scene.add(drafts())
    path = tmp_path / "pairs.jsonl"
    run("export", "sums", "--dialect", dialect, "--out", str(path))
    policy = write_tiny_model(tmp_path / "policy", seed=1)
    reference = write_tiny_model(tmp_path / "reference", seed=2)
    pairs = read_token_pairs(path, TextEncoder.from_directory(policy), max_length=512).pairs
    assert len(pairs) == len(json.loads(f"[{','.join(path.read_text().splitlines())}]")) == 4
    ours = first_loss(pairs, policy, reference)
    assert abs(ours - math.log(2)) > 0.01  # another pair, or another token, would change it
    assert ours == pytest.approx(first_loss_of_trl(path, policy, reference), abs=2e-5)


def first_loss(pairs: list[TokenPair], policy: Path, reference: Path) -> float:
    """The mean DPO loss by our engine."""
    scored = [log_probs(pairs, folder) for folder in (policy, reference)]
    tokens = torch.tensor([[len(side) for side in pair.scored_ids] for pair in pairs])
    columns = Pairs(scored[0], scored[1], tokens, torch.ones(len(pairs), dtype=torch.float64))
    return float(pair_losses(columns, CONFIG.loss_settings).mean())


def log_probs(pairs: list[TokenPair], folder: Path) -> torch.Tensor:
    """Log-probabilities of both sides of each pair, (pairs, 2)."""
    model = Policy.load(folder, CONFIG, shape=None)
    found = torch.empty(len(pairs), 2, dtype=torch.float64)
    for row in pack_rows(pairs, range(len(pairs)), tokens_per_row=1024, share=True):
        with torch.no_grad():
            found[list(row.pairs)] = model.side_log_probs(row).view(-1, 2)
    return found


def first_loss_of_trl(path: Path, policy: Path, reference: Path) -> float:
    """The loss that TRL's trainer logs for its first step, whose batch is the whole file."""
    import datasets
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    rows = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))
    arguments = DPOConfig(
        output_dir=str(path.parent / "out"),
        beta=CONFIG.beta,
        per_device_train_batch_size=len(rows),
        max_steps=1,
        logging_steps=1,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        disable_dropout=True,
        save_strategy="no",
        report_to="none",
    )
    models: list[Any] = [AutoModelForCausalLM.from_pretrained(one, dtype=torch.float32) for one in (policy, reference)]
    trainer = DPOTrainer(
        model=models[0],
        ref_model=models[1],
        args=arguments,
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(policy),
    )
    trainer.train()
    return next(float(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry)
