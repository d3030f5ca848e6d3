"""The reasons for which a command of the engine stops early, each with its exit code."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

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


class DiskFull(EngineError):
    """No more can be written; everything on disk is whole."""


class MemoryFull(InputError):
    """A GPU or the machine has no memory left for the run; started again as it is, it would end the same way."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_GPU = ("CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
_FULL_HOST = "DefaultCPUAllocator: can't allocate memory"
_PATHS = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS)


_OUTPUTS = frozenset({"out", "pairs"})


def check_outputs(named: Mapping[str, Path]) -> None:
    """Raises InputError where a result would be written over something that the command reads. ``named``: all paths of
    a command by their options."""
    places = {name: each.resolve() for name, each in named.items()}
    for output in _OUTPUTS & places.keys():
        for name in places.keys() - {output}:
            if places[output] == places[name]:
                raise InputError(f"--{output} is the same path as --{name}: name another one for the result")


_RUNS = ("train", "reward", "rlhf")
_IN_ROWS = ("score", "evaluate", "blame", "lab", "best-of-n")


def as_engine_error(
    error: Exception, named: Sequence[Path] = (), *, given: Sequence[Path] = (), command: str = ""
) -> EngineError | None:
    """The sentence for an error of the file system or of memory that the person can do something about; None for any
    other error.

    ``named``: the paths that the person named; ``given``: those of them that are whole folders to read. A file that is
    missing within a given folder is missing there; one that is missing elsewhere is our fault. ``command``: the one
    that was given, for advice that helps it.
    Libraries that write files by themselves (safetensors) have the system's number in their text only. Memory that is
    full is known by its text too: its errors come from several libraries."""
    text, number = str(error), getattr(error, "errno", None)
    if place := _full_memory(error):
        return MemoryFull(f"{place} memory is full: {_less_memory(command)}")
    if number in _FULL or any(f"(os error {each})" in text for each in _FULL):
        return DiskFull(
            f"the disk is full ({text}): free some space and start the same command again. Nothing on disk is damaged, "
            "and a run goes on from its last checkpoint"
        )
    if (
        isinstance(error, OSError)
        and number in _PATHS
        and any(_is_at(error, path, is_given=path in given) for path in named)
    ):
        return InputError(f"cannot use {error.filename}: {os.strerror(number)}")
    return None


def _less_memory(command: str) -> str:
    """Advice to a command whose memory was full."""
    again = "end other programs there and start the same command again"
    if command in _RUNS:
        settings = "lower tokens_per_row or with gradient_checkpointing=on"
        return f"{again} (the run goes on from its last checkpoint), or start another run with {settings}"
    return f"{again}, or set a lower tokens_per_row" if command in _IN_ROWS else again


def _full_memory(error: Exception) -> str:
    """Whose memory an error says is full; empty for any other error. torch is not loaded for it."""
    kinds, text = {each.__name__ for each in type(error).__mro__}, str(error)
    if "OutOfMemoryError" in kinds or (isinstance(error, RuntimeError) and any(each in text for each in _FULL_GPU)):
        return "the GPU's"
    is_host = isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _FULL_HOST in text)
    return "the machine's" if is_host else ""


def _is_at(error: OSError, named: Path, *, is_given: bool) -> bool:
    """Whether an error is about a path that the person named, what it lies in, or the file beside it that becomes it.
    Of what lies within it only rights and kinds are theirs, and the files of a folder that is given: what should lie in
    any other we know better."""
    if not isinstance(error.filename, str | bytes | os.PathLike):
        return False
    place, named = (Path(os.fsdecode(each)).absolute() for each in (error.filename, named))
    if place in (named, *named.parents, named.with_name(named.name + ".tmp")):
        return True
    return (is_given or error.errno != errno.ENOENT) and named in place.parents
