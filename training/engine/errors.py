"""The reasons for which a command of the engine stops early, each with its exit code."""

from __future__ import annotations

EXIT_FINISHED = 0
EXIT_UNEXPECTED = 1
EXIT_INPUT = 2
EXIT_CANCELLED = 3
EXIT_DIVERGED = 4


class EngineError(Exception):
    """Base of everything the engine raises on purpose. The message is one sentence for the person who started it."""

    exit_code = EXIT_INPUT
    event = "failed"


class InputError(EngineError):
    """A config, a folder or an option that cannot be used as it is."""


class RecordError(InputError):
    """One line of a data file that cannot be used; the message starts with ``file:line``."""

    def __init__(self, path: object, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.line = line
        self.reason = reason


class Diverged(EngineError):
    """A log-probability, loss or gradient was not finite; the message names the pair."""

    exit_code = EXIT_DIVERGED


class Cancelled(EngineError):
    """SIGTERM or SIGINT stopped the command; everything worth keeping is on disk."""

    exit_code = EXIT_CANCELLED
    event = "cancelled"
