"""The embedded sampler as a program: requests in on stdin, completions out on stdout, one JSON object a line.

    python -m training.generation.embedded_sampler --model DIR [--adapter DIR] --identifier NAME

Started by `training.jobs.sampler`; knows no Django. It ends with stdin; SIGTERM ends it at once.
"""

import argparse
import dataclasses
import gc
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from training.generation import (
    EmbeddedSampler,
    GenerationFailure,
    GenerationRequest,
    ModelNotUsable,
    SamplingSettings,
)

EXIT_NOT_USABLE = 2


def main(arguments: list[str] | None = None) -> int:
    """Answers every request; returns the exit code: 2 where the model cannot be used, with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m training.generation.embedded_sampler", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--adapter", type=Path, help="adapter of the version")
    parser.add_argument(
        "--identifier", required=True, help="name of the version, which completions give as their model"
    )
    options = parser.parse_args(arguments)
    answers = _private_stdout()
    gc.disable()  # libraries and model stay: the search for garbage among them takes as long as a third of loading
    try:
        sampler = EmbeddedSampler(options.model, adapter_dir=options.adapter, identifier=options.identifier)
    except ModelNotUsable as error:
        print(error, file=sys.stderr)
        return EXIT_NOT_USABLE
    finally:
        gc.freeze()
        gc.enable()
    for outcome in sampler.generate(_requests(sys.stdin)):
        kind = "failure" if isinstance(outcome, GenerationFailure) else "completion"
        answers.write(json.dumps({kind: dataclasses.asdict(outcome)}) + "\n")
        answers.flush()
    return 0


def _private_stdout() -> IO[str]:
    """stdout for our answers alone: anything that libraries print goes to the log."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _requests(lines: IO[str]) -> Iterator[GenerationRequest]:
    for line in lines:
        values = json.loads(line)
        settings = SamplingSettings(**values.pop("settings"))
        yield GenerationRequest(**values, settings=settings)


if __name__ == "__main__":
    sys.exit(main())
