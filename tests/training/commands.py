"""Running commands of training in tests."""

from io import StringIO

from django.core.management import call_command

QUICK = ["--set", "epochs=1", "--set", "dtype=float32", "--set", "lora_rank=2", "--set", "threads=1"]
"""Options of `train` with which it takes seconds."""


def output_of(*command: str) -> str:
    """The output of a command, stripped. Raises CommandError."""
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()
