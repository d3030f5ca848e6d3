"""vLLM's offline `LLM.chat`, as a process in vLLM's environment: one task per line on stdin, one answer per line.

.venv-vllm/bin/python benchmarks/generating/offline.py MODEL      then {"messages": [...], "seeds": [...], ...}
"""

import json
import os
import sys
import time
from typing import Any


def main() -> None:
    """Loads the model, reports that it is ready, and answers until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # vLLM's output goes to the log
    import torch
    from vllm import LLM, SamplingParams

    llm = LLM(
        model=sys.argv[1],
        served_model_name="offline",
        enable_chunked_prefill=torch.cuda.is_available(),
        enable_lora=True,
        max_lora_rank=64,
        seed=0,
    )
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(_answer(llm, SamplingParams, task)), file=answers, flush=True)


def _answer(llm: Any, parameters: Any, task: dict[str, Any]) -> dict[str, Any]:
    settings = [parameters(seed=seed, logprobs=0, **task["settings"]) for seed in task["seeds"]]
    started = time.perf_counter()
    outputs = llm.chat(task["messages"], settings, use_tqdm=False)
    seconds = time.perf_counter() - started
    tokens = sum(len(one.token_ids) for output in outputs for one in output.outputs)
    return {"seconds": seconds, "tokens": tokens, "texts": [one.text for output in outputs for one in output.outputs]}


if __name__ == "__main__":
    main()
