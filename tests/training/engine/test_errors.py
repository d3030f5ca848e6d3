"""Errors of libraries that a person can do something about."""

import errno

import pytest
import torch

from training.engine.errors import EXIT_INPUT, DiskFull, MemoryFull, as_engine_error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), "the GPU's memory is full"),
        (RuntimeError("CUDA error: out of memory"), "the GPU's memory is full"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), "the GPU's memory is full"),
        (MemoryError(), "the machine's memory is full"),
    ],
)
def test_full_memory_is_the_persons_to_mend_and_no_bug(error: Exception, said: str) -> None:
    known = as_engine_error(error, command="train")
    assert isinstance(known, MemoryFull)
    assert known.exit_code == EXIT_INPUT  # the platform does not start the same run again
    assert said in str(known)
    assert "goes on from its last checkpoint" in str(known)
    assert "lower tokens_per_row or with gradient_checkpointing=on" in str(known)


@pytest.mark.parametrize(
    ("commands", "rows", "checkpointing"),
    [
        (("train", "reward", "rlhf"), True, True),
        (("score", "evaluate", "blame", "lab", "best-of-n"), True, False),  # no gradient, or none that it changes
        (("drift", "merge"), False, False),  # no rows
    ],
)
def test_a_command_is_advised_what_changes_its_memory(
    commands: tuple[str, ...], rows: bool, checkpointing: bool
) -> None:
    for command in commands:
        said = str(as_engine_error(MemoryError(), command=command))
        assert "start the same command again" in said
        assert [name in said for name in ("tokens_per_row", "checkpointing")] == [rows, checkpointing]
        assert ("checkpoint" in said) is checkpointing


def test_memory_that_torch_cannot_have_is_such_an_error() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60)
    assert "the machine's memory" in str(as_engine_error(raised.value))


def test_other_errors_stay_what_they_are() -> None:
    assert as_engine_error(RuntimeError("CUDA error: an illegal memory access was encountered")) is None
    assert isinstance(as_engine_error(OSError(errno.ENOSPC, "No space left on device")), DiskFull)
