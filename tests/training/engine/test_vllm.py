"""The saved adapter in vLLM: the same log-probabilities. Runs where `make vllm` has made its environment."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch

from tests.training.engine import tiny
from training.engine.adapter_format import write_adapter
from training.engine.config import RunConfig
from training.engine.packing import pack_row
from training.engine.run import load_policy
from training.engine.text import TextEncoder

VLLM = Path(__file__).parents[3] / ".venv-vllm" / "bin" / "python"
SCORE = """
import json, sys
from vllm import LLM, SamplingParams
from vllm.lora.request import LoRARequest

model, adapter, sequences, out = sys.argv[1:]
llm = LLM(model=model, enable_lora=True, max_lora_rank=16, dtype="float32", enforce_eager=True, max_model_len=256)
prompts = [{"prompt_token_ids": ids} for ids in json.loads(sequences)]
settings = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0)
answers = llm.generate(prompts, settings, lora_request=LoRARequest("adapter", 1, adapter))
scored = [
    [places[token].logprob for places, token in zip(answer.prompt_logprobs[1:], answer.prompt_token_ids[1:])]
    for answer in answers
]
with open(out, "w") as file:
    json.dump(scored, file)
"""


@pytest.mark.slow
@pytest.mark.skipif(not VLLM.exists(), reason="vLLM has an environment of its own, made by `make vllm-install`")
def test_a_saved_adapter_gives_the_same_log_probs_in_vllm(smollm2: Path, tmp_path: Path) -> None:
    policy = load_policy(smollm2, None, RunConfig(dtype="float32", device="cpu", lora_rank=8))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in policy.adapter.parameters().values():
            parameter.copy_(0.02 * torch.randn(parameter.shape, generator=generator))
    write_adapter(tmp_path, policy.adapter, base_model=str(smollm2))
    encoder = TextEncoder.from_directory(smollm2)
    prompt = encoder.encode_prompt([{"role": "user", "content": "Name three colours."}])
    sides = [encoder.encode_completion(text, ended=True) for text in ("Red, green and blue.", "I like trains.")]
    row = pack_row([tiny.pair([*prompt], [*sides[0]], [*sides[1]])], [0], share=True)
    with torch.no_grad():
        ours = policy.side_log_probs(row).tolist()
        with policy.adapter.switched_off():
            base = policy.side_log_probs(row).tolist()
    sequences = json.dumps([[*prompt, *side] for side in sides])
    command = [str(VLLM), "-c", SCORE, str(smollm2), str(tmp_path), sequences, str(tmp_path / "scored.json")]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
    subprocess.run(command, env=environment, check=True, timeout=280)
    scored = json.loads((tmp_path / "scored.json").read_text())
    theirs = [sum(values[len(prompt) - 1 :]) for values in scored]
    assert theirs == pytest.approx(ours, abs=0.05)
    assert all(abs(with_it - without) > 0.5 for with_it, without in zip(ours, base, strict=True))
