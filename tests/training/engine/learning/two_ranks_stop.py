"""The program of both processes in ``test_reference_resume.py``: a run left alone, and one whose first process alone is
asked to stop during its reference pass. Arguments: the model's folder, the pairs, and a folder for both runs."""

import faulthandler
import gc
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from tests.training.engine import workshop
from tests.training.engine.workshop import Events
from training.engine.errors import Cancelled

SETTINGS: dict[str, Any] = {"epochs": 1, "tokens_per_row": 20, "pairs_per_step": 11, "final_margins": False}


class Stopped(Events):
    """Asks for a stop at the first report about the reference pass."""

    def __call__(self, event: dict[str, Any]) -> None:
        super().__call__(event)
        if event["event"] == "scoring":
            self.stop.ask()


if __name__ == "__main__":
    faulthandler.dump_traceback_later(60, exit=True)
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    model, data, out = map(Path, sys.argv[1:])
    workshop.run(model, data, out / "whole", **SETTINGS)
    was_cancelled = False
    try:
        workshop.run(model, data, out / "stopped", Stopped(), **SETTINGS)
    except Cancelled:
        was_cancelled = True
    gc.collect()  # the folder's lock goes with the last trainer
    dist.barrier()
    assert was_cancelled
    assert (out / "stopped" / "reference.partial.safetensors").exists()
    dist.barrier()
    workshop.run(model, data, out / "stopped", **SETTINGS)
    dist.destroy_process_group()
