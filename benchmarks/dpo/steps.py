"""Some optimizer steps of one trainer, in a process of its own: prints one JSON object.

    python -m benchmarks.dpo.steps TRAINER --model DIR --workload hh --pairs 16 --dtype bfloat16

TRAINER: chosen; trl (its defaults); trl-tuned (no checkpointing, reference computed before, sorted by length).
Every step has 8 pairs. Every trainer goes through the pairs some times (`--warm-up`), and then once more, in the same
order, against the clock: the time for touching memory first belongs to the start of a run, which has hundreds of
steps.
"""

import argparse
import json
import resource
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from benchmarks.dpo.workload import Workload, workload

PAIRS_PER_STEP = 8
RANK = 16
ROW_ON_GPU = 16384  # tokens; the engine's rows of 3,072 are those that were best on two cores of a CPU


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trainer", choices=["chosen", "trl", "trl-tuned"])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--workload", default="hh")
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument("--longest", type=int, default=1024)
    parser.add_argument("--at-once", type=int, default=PAIRS_PER_STEP, help="TRL: pairs in one forward")
    parser.add_argument("--dtype", choices=["bfloat16", "float32"], default="bfloat16")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--warm-up", type=int, default=2, help="times through the pairs before the timed one")
    options = parser.parse_args()
    load = workload(options.workload, options.pairs, options.model, longest=options.longest)
    with tempfile.TemporaryDirectory() as folder:
        if options.trainer == "chosen":
            seconds = chosen_steps(load, options, Path(folder))
        else:
            tuned = options.trainer == "trl-tuned"
            seconds = trl_steps(load, options, Path(folder), tuned=tuned)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if options.device == "cuda":
        peak = torch.cuda.max_memory_allocated() / 2**30
    figures = {"seconds": seconds, "pairs": len(load.pairs), "scored": load.scored, "peak_gib": peak}
    print(json.dumps({**figures, "how": extras(options)}))


def extras(options: argparse.Namespace) -> dict[str, Any]:
    """The kernels of tuned TRL on a GPU, where they are installed."""
    if options.trainer != "trl-tuned" or options.device == "cpu":
        return {}
    flash = "flash_attention_2" if find_spec("flash_attn") else "sdpa"
    return {"attn_implementation": flash, "use_liger_kernel": find_spec("liger_kernel") is not None}


def chosen_steps(load: Workload, options: argparse.Namespace, folder: Path) -> float:
    """Seconds of all steps of our engine."""
    from training.engine.config import RunConfig
    from training.engine.events import Caller, StopRequest
    from training.engine.learning.run import load_start, prepare_torch
    from training.engine.learning.trainer import RunOrigin, Trainer, TrainingData
    from training.engine.model.policy import Policy
    from training.engine.run_folder import RunFolder

    row: dict[str, Any] = {"tokens_per_row": ROW_ON_GPU} if options.device == "cuda" else {}
    config = RunConfig(dtype=options.dtype, device=options.device, lora_rank=RANK, pairs_per_step=PAIRS_PER_STEP, **row)
    prepare_torch(config)
    trainer = Trainer(
        config=config,
        model=load_start(Policy, options.model, None, config),
        data=TrainingData(load.pairs, []),
        origin=RunOrigin(options.model, {"model_sha256": "", "adapter_sha256": None}),
        folder=RunFolder(folder),
        caller=Caller(lambda event: None, StopRequest()),
    )
    trainer.make_reference()
    seconds = 0.0
    for _ in range(options.warm_up + 1):
        before = time.perf_counter()
        for step in range(1, trainer.schedule.steps_per_epoch + 1):
            trainer.take_step(step)  # it looks at the gradient's norm, so the device has done it
        seconds = time.perf_counter() - before
    return seconds


def trl_steps(load: Workload, options: argparse.Namespace, folder: Path, *, tuned: bool) -> float:
    """Seconds of all steps of TRL's DPOTrainer, as its own loop takes them."""
    from datasets import Dataset
    from peft import LoraConfig
    from torch.utils.data import SequentialSampler
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    class Clock(TrainerCallback):
        """Times steps from their first forward to the optimizer's step."""

        seconds: list[float]

        def __init__(self) -> None:
            self.seconds = []

        def on_step_begin(self, *args: Any, **rest: Any) -> None:
            self.began = time.perf_counter()

        def on_step_end(self, *args: Any, **rest: Any) -> None:
            if options.device == "cuda":
                torch.cuda.synchronize()
            self.seconds.append(time.perf_counter() - self.began)

    class InOrder(DPOTrainer):
        """Takes the token ids as they are, in the order given."""

        def _prepare_dataset(self, dataset: Any, *args: Any, **rest: Any) -> Any:
            return dataset

        def _get_train_sampler(self, dataset: Any = None) -> Any:
            return SequentialSampler(rows)

    pairs = sorted(load.pairs, key=lambda pair: pair.length) if tuned else load.pairs
    columns = ("prompt_ids", "chosen_ids", "rejected_ids")
    rows = [{name: list(getattr(pair, name)) for name in columns} for pair in pairs * (options.warm_up + 1)]
    arguments: dict[str, Any] = {"gradient_checkpointing": False, "precompute_ref_log_probs": True} if tuned else {}
    kernels = extras(options)
    if kernels.pop("use_liger_kernel", False):
        arguments["use_liger_kernel"] = True
    weights = torch.bfloat16 if kernels else torch.float32  # TRL's defaults keep fp32 weights under bf16 autocast
    config = DPOConfig(
        output_dir=str(folder),
        per_device_train_batch_size=options.at_once,
        gradient_accumulation_steps=PAIRS_PER_STEP // options.at_once,
        num_train_epochs=1,
        use_cpu=options.device == "cpu",
        bf16=options.dtype == "bfloat16",
        max_length=None,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        **arguments,
    )
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    lora = LoraConfig(r=RANK, lora_alpha=2 * RANK, lora_dropout=0.0, target_modules=targets, task_type="CAUSAL_LM")
    clock = Clock()
    trainer = InOrder(
        model=AutoModelForCausalLM.from_pretrained(options.model, dtype=weights, **kernels),
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(options.model),
        peft_config=lora,
        callbacks=[clock],
    )
    trainer.train()
    return sum(clock.seconds[-(len(pairs) // PAIRS_PER_STEP) :])


if __name__ == "__main__":
    main()
