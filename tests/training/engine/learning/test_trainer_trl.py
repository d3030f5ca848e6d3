"""The engine against TRL's DPOTrainer on real preferences: the same log-probabilities, loss and gradients in fp32."""

import gzip
import itertools
from pathlib import Path
from typing import Any

import pytest
import torch

from labeling.exchange import ImportedComparison, read_comparisons
from tests.training.conftest import SHARED_DATA
from tests.training.engine import tiny
from training.engine.config import RunConfig
from training.engine.data.packing import pack_rows
from training.engine.data.records import TokenPair
from training.engine.data.text import TextEncoder
from training.engine.learning.run import load_start
from training.engine.losses import Pairs, pair_losses
from training.engine.model.policy import Policy

HH = SHARED_DATA / "hh-harmless-dev.jsonl.gz"
PAIRS, LONGEST = 16, 64
CONFIG = RunConfig(dtype="float32", device="cpu", lora_rank=4, lora_alpha=8.0)

pytestmark = pytest.mark.skipif(not HH.exists(), reason="the preferences of Anthropic HH are not beside this checkout")


@pytest.fixture(scope="module")
def hh_pairs(smollm2: Path) -> list[TokenPair]:
    """The first short pairs of the file, as token ids."""
    encoder = TextEncoder.from_directory(smollm2)
    with gzip.open(HH) as stream:
        records = (one for one in read_comparisons(stream) if isinstance(one, ImportedComparison))
        pairs = (_tokens(number, one, encoder) for number, one in enumerate(records))
        short = (pair for pair in pairs if len(pair.prompt_ids) + len(pair.chosen_ids + pair.rejected_ids) < LONGEST)
        return list(itertools.islice(short, PAIRS))


def _tokens(number: int, comparison: ImportedComparison, encoder: TextEncoder) -> TokenPair:
    prompt = encoder.encode_prompt([{**message} for message in comparison.prompt])
    sides = [encoder.encode_completion(side.text, ended=True) for side in (comparison.first, comparison.second)]
    return TokenPair(
        id=str(number),
        line=number,
        prompt_ids=prompt,
        chosen_ids=sides[0],
        rejected_ids=sides[1],
        confidence=1.0,
        weight=1.0,
    )


@pytest.fixture(scope="module")
def policy(smollm2: Path) -> Policy:
    """The default model with an adapter that does something."""
    policy = load_start(Policy, smollm2, None, CONFIG)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in policy.adapter.parameters().items():
            if name.endswith("lora_B"):
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.02)
    return policy


@pytest.fixture(scope="module")
def trainer(smollm2: Path, policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """TRL's trainer with the same adapter; its reference is the base, as ours."""
    from datasets import Dataset
    from peft import LoraConfig, load_peft_weights, set_peft_model_state_dict
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    folder = tmp_path_factory.mktemp("trl")
    shape = policy.adapter.shape
    arguments = DPOConfig(
        output_dir=str(folder / "out"),
        beta=CONFIG.beta,
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        report_to="none",
        disable_dropout=True,
    )
    lora = LoraConfig(
        r=shape.rank,
        lora_alpha=int(shape.alpha),
        lora_dropout=0.0,
        target_modules=list(shape.target_modules),
        task_type="CAUSAL_LM",
    )
    record = {"prompt": [{"role": "user", "content": "Hello"}]}
    sides = {side: [{"role": "assistant", "content": side}] for side in ("chosen", "rejected")}
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(smollm2, dtype=torch.float32),
        args=arguments,
        train_dataset=Dataset.from_list([{**record, **sides}]),
        processing_class=AutoTokenizer.from_pretrained(smollm2),
        peft_config=lora,
    )
    tiny.save_adapter(folder, policy, base_model=str(smollm2))
    set_peft_model_state_dict(trainer.model, load_peft_weights(str(folder)))
    return trainer


@pytest.mark.long
@pytest.mark.timeout(1200)  # beside the first tour on two cores
def test_log_probs_loss_and_gradients_are_trls(hh_pairs: list[TokenPair], policy: Policy, trainer: Any) -> None:
    assert len(hh_pairs) == PAIRS
    ours, reference = _ours(policy, hh_pairs)
    expected = _computed_by_trl(trainer, hh_pairs)
    torch.testing.assert_close(reference, expected["reference"], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours["policy"], expected["policy"], rtol=1e-4, atol=1e-4)
    assert (ours["policy"] - reference).abs().min() > 1e-3  # the adapter does something to every completion
    torch.testing.assert_close(ours["loss"], expected["loss"], rtol=1e-4, atol=1e-4)
    gradients = {
        name.replace(".default.weight", "").removeprefix("base_model.model."): parameter.grad
        for name, parameter in trainer.model.named_parameters()
        if parameter.requires_grad
    }
    parameters = policy.adapter.parameters()
    assert gradients.keys() == parameters.keys()
    for name, parameter in parameters.items():
        largest = float(gradients[name].abs().max())
        assert largest > 0, name
        torch.testing.assert_close(parameter.grad, gradients[name], rtol=1e-4, atol=1e-4 * largest)


def _ours(policy: Policy, pairs: list[TokenPair]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Log-probabilities (pairs, 2) and the mean loss, its gradient left in the adapter; and the reference."""
    rows = pack_rows(pairs, range(len(pairs)), tokens_per_row=1024, share=True)
    reference, scored = torch.empty(len(pairs), 2, dtype=torch.float64), torch.empty(len(pairs), 2, dtype=torch.float64)
    total = torch.zeros((), dtype=torch.float64)
    for row in rows:
        own = list(row.pairs)
        with torch.no_grad(), policy.adapter.switched_off():
            reference[own] = policy.side_log_probs(row).view(-1, 2)
        sides = policy.side_log_probs(row).view(-1, 2)
        tokens = torch.tensor([[len(pairs[index].chosen_ids), len(pairs[index].rejected_ids)] for index in own])
        columns = Pairs(sides, reference[own], tokens, torch.ones(len(own), dtype=torch.float64))
        loss = pair_losses(columns, CONFIG.loss_settings).sum() / len(pairs)
        torch.autograd.backward(loss)
        total += loss.detach()
        scored[own] = sides.detach()
    return {"policy": scored, "loss": total}, reference


def _computed_by_trl(trainer: Any, pairs: list[TokenPair]) -> dict[str, torch.Tensor]:
    """The same from TRL, four pairs at a time."""
    parts: dict[str, list[torch.Tensor]] = {"policy": [], "reference": []}
    total = torch.zeros((), dtype=torch.float64)
    model = trainer.model.train()
    for start in range(0, len(pairs), 4):
        examples = [
            {side: list(getattr(pair, side)) for side in ("prompt_ids", "chosen_ids", "rejected_ids")}
            for pair in pairs[start : start + 4]
        ]
        batch = trainer.data_collator(examples)
        parts["reference"].append(torch.stack(trainer.compute_ref_log_probs(model, batch), dim=1).double())
        with torch.no_grad():
            labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
            inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
            sums = model(**inputs, labels=labels, fused_lm_head=True, use_cache=False).log_probs.sum(1)
            parts["policy"].append(torch.stack(sums.chunk(2), dim=1).double())
        loss = trainer.compute_loss(model, batch) * len(examples) / len(pairs)
        torch.autograd.backward(loss)
        total += loss.detach().double()
    return {name: torch.cat(each) for name, each in parts.items()} | {"loss": total}
