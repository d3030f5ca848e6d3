"""The program of both processes in ``test_parallel.py``: some runs one after the other. Started by torchrun, with
a JSON file that holds a list of command lines."""

import faulthandler
import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from training.engine.cli import main

if __name__ == "__main__":
    faulthandler.dump_traceback_later(150, exit=True)
    torch.set_num_threads(1)
    dist.init_process_group("gloo")  # once for all runs
    codes = [main(arguments) for arguments in json.loads(Path(sys.argv[1]).read_text())]
    dist.destroy_process_group()
    sys.exit(max(codes))
