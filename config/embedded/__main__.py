"""Runs a command with the embedded services running.

    python -m config.embedded exec -- pytest tests/labeling
    CHOSEN_VAR=/tmp/mine python -m config.embedded exec --ephemeral -- python manage.py migrate

The command gets DATABASE_URL, BROKER_URL and SECRET_KEY; variables that are already set stay as they are. Several
commands may run at once, on one `var/` or on several. The exit code is the command's (128 + n if signal n ended it).
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

from config.embedded.account import AccountUnavailable
from config.embedded.postgres import InitdbFailed, PostgresMissing
from config.embedded.services import EmbeddedServices, ServiceFailed
from config.embedded.var import NoFreePort, VarDirectory

FAILURES = (ServiceFailed, PostgresMissing, InitdbFailed, AccountUnavailable, NoFreePort)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m config.embedded", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="action", required=True)
    execute = commands.add_parser("exec", help="run a command with the services running")
    execute.add_argument("--ephemeral", action="store_true", help="for tests: faster, but not safe against a power cut")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    options = parser.parse_args(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("name a command after --")
    return with_services(lambda: _run(command), ephemeral=options.ephemeral)


def with_services(act: Callable[[], int | None], *, ephemeral: bool = False) -> int:
    """Runs `act` with the services running and their addresses in os.environ; returns its exit code.

    If a service does not start, prints a sentence to stderr and returns 1.
    """
    # A SIGTERM must stop the services too: it becomes an exception, so that every `finally` runs.
    signal.signal(signal.SIGTERM, _raise_exit)
    try:
        with EmbeddedServices(VarDirectory.from_environment(), ephemeral=ephemeral).shared(say=_say) as addresses:
            os.environ.update(addresses)
            return act() or 0
    except FAILURES as failure:
        _say(str(failure))
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(command: list[str]) -> int:
    try:
        child = subprocess.Popen(command)
    except OSError as error:
        _say(f"{command[0]} could not be started: {error.strerror}")
        return 127
    # The terminal's Ctrl-C also reaches the command, which decides whether and how it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return code if code >= 0 else 128 - code


def _raise_exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
