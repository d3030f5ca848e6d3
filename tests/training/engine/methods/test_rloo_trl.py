"""A step of RLOO against TRL's RLOOTrainer: the same samples have the same advantages, loss and gradients in fp32."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.engine import tiny
from training.engine.learning.reference import ReferenceModel
from training.engine.methods.samples import Sample
from training.engine.methods.settings import RlhfConfig
from training.engine.methods.trainer import RlhfTrainer
from training.engine.model.policy import Policy

GROUP, BETA, LONGEST = 4, 0.3, 6


def even(completions: list[str], **more: Any) -> list[float | None]:
    """TRL's reward function: bytes that are even."""
    return [sum(byte % 2 == 0 for byte in text.encode()) - 0.1 * len(text) for text in completions]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without the functional dropout, which TRL cannot switch off."""
    return tiny.save_model(tmp_path_factory.mktemp("model"), attention_dropout=0.0)


@pytest.fixture(scope="module")
def trainer(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """TRL's trainer of all weights, which have moved away from its reference."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl.trainer.rloo_config import RLOOConfig
    from trl.trainer.rloo_trainer import RLOOTrainer

    arguments = RLOOConfig(
        output_dir=str(tmp_path_factory.mktemp("trl")),
        beta=BETA,
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        report_to="none",
        num_generations=GROUP,
        per_device_train_batch_size=2 * GROUP,
        max_completion_length=LONGEST,
        disable_dropout=True,
    )
    trainer: Any = RLOOTrainer(
        model=AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32),
        reward_funcs=even,
        args=arguments,
        train_dataset=Dataset.from_list([{"prompt": "Hello"}, {"prompt": "Why so?"}]),
        processing_class=AutoTokenizer.from_pretrained(model_folder, padding_side="left"),
    )
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    return trainer


@pytest.mark.long
@pytest.mark.timeout(600)
def test_advantages_loss_and_gradients_of_a_step_are_trls(model_folder: Path, trainer: Any) -> None:
    torch.manual_seed(3)
    trainer.model.train()
    inputs = trainer._prepare_inputs([{"prompt": text} for text in ("Hello", "Why so?") for _ in range(GROUP)])
    unordered = _samples(inputs)  # TRL shuffles them
    order = sorted(range(len(unordered)), key=lambda number: unordered[number].prompt_ids)
    samples = [unordered[number] for number in order]
    assert len({each.completion_ids for each in samples}) > GROUP
    expected_loss = trainer.compute_loss(trainer.model, inputs)
    torch.autograd.backward(expected_loss)
    ours = _ours(model_folder, trainer, samples)
    torch.testing.assert_close(ours["advantages"], inputs["advantages"][order].double(), atol=1e-4, rtol=1e-4)
    assert ours["loss"] == pytest.approx(float(expected_loss.detach()), abs=1e-5)
    gradients = {name: each.grad for name, each in trainer.model.named_parameters()}
    for name, change in ours["gradients"].items():
        largest = float(gradients[name].abs().max())
        torch.testing.assert_close(change, gradients[name], atol=1e-4 * max(largest, 1e-3), rtol=1e-3)
    assert ours["gradients"].keys() == gradients.keys()


def _samples(inputs: Any) -> list[Sample]:
    """TRL's padded batch as samples."""

    def rows(what: str) -> list[tuple[int, ...]]:
        ids, masks = inputs[f"{what}_ids"], inputs[f"{what}_mask"]
        return [tuple(row[mask.bool()].tolist()) for row, mask in zip(ids, masks, strict=True)]

    return [Sample(*each) for each in zip(rows("prompt"), rows("completion"), strict=True)]


def _ours(folder: Path, trainer: Any, samples: list[Sample]) -> dict[str, Any]:
    """Advantages, loss and gradients of our step over the same samples."""
    config = RlhfConfig(
        beta=BETA, samples_per_prompt=GROUP, tuning="full", dtype="float32", device="cpu", max_grad_norm=0.0
    )
    policy = Policy.load(folder, config, shape=None)
    weights = policy.weights(folder)
    own = list(weights.parameters().values())
    reference = ReferenceModel(policy, own, is_base=False, keep=True)
    weights.load({name: each.detach().clone() for name, each in trainer.model.named_parameters()})
    decode = trainer.processing_class.decode
    texts = [decode(list(each.completion_ids), skip_special_tokens=True) for each in samples]
    rewards = np.array(even(texts), dtype=np.float64)
    step = RlhfTrainer(
        policy,
        None,
        lambda given: rewards,
        config,
        as_reference=reference.in_place,
        eos_ids=frozenset({tiny.EOS}),
        parameters=[own, []],
    )
    setattr(step, "write", lambda step, prompts: samples)  # noqa: B010 - the samples of the other trainer
    rows = step.score(samples)
    step._set_advantages(rows, rewards, 1)
    advantages = torch.zeros(len(samples), dtype=torch.float64)
    for each in rows:
        for side, member in enumerate(each.part.members):
            advantages[member] = each.advantages[each.row.sides == side][0]
    before = {name: each.detach().clone() for name, each in weights.parameters().items()}
    step.optimizer = torch.optim.SGD(own, lr=1.0)
    figures = step.take_step(1, [], 1.0)
    gradients = {name: before[name] - each.detach() for name, each in weights.parameters().items()}
    return {"advantages": advantages, "loss": figures["loss"], "gradients": gradients}
