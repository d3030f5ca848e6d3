"""Runs the whole platform in the foreground until Ctrl-C: database, broker, web, workers, beat.

Environment: PORT (8000), HOST (127.0.0.1), CHOSEN_VAR (var/), and DATABASE_URL, BROKER_URL, GENERATOR_URL for your own
services; GENERATOR=vllm also starts a vLLM server.
The exit code is 0 after an orderly stop, 1 if the platform could not start.
"""

import argparse
import os
import sys

from config.embedded import ServiceFailed, VarDirectory, VarInUse
from config.embedded.account import AccountUnavailable
from config.embedded.postgres import InitdbFailed, PostgresMissing
from config.embedded.var import NoFreePort
from config.platform.lifecycle import AlreadyRunning, Platform, PortTaken, StartFailed
from config.platform.steps import StepFailed
from config.platform.supervisor import SupervisorFailed
from config.platform.vllm import WrongGenerator

EXPECTED = (
    AlreadyRunning,
    PortTaken,
    VarInUse,
    StartFailed,
    StepFailed,
    SupervisorFailed,
    ServiceFailed,
    AccountUnavailable,
    InitdbFailed,
    PostgresMissing,
    NoFreePort,
    WrongGenerator,
)


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m config.platform", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--no-demo", action="store_true", help="start without the demo campaign")
    parser.add_argument(
        "--only",
        metavar="NAMES",
        help="start only these of web,worker,worker-generate,worker-train,worker-lens,beat,vllm (or none)",
    )
    options = parser.parse_args()
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        parser.error(f"PORT must be a number between 1 and 65535, not {port!r}")
    platform = Platform(
        VarDirectory.from_environment(),
        host=os.environ.get("HOST") or "127.0.0.1",
        port=int(port),
        say=lambda line: print(line, flush=True),
        with_demo=not options.no_demo,
        only=None if options.only is None else frozenset(options.only.split(",")),
    )
    try:
        platform.run()
    except EXPECTED as failure:
        print(f"\n{failure}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:  # before the run installed its own handler
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
