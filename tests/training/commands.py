"""Running commands of training in tests."""

from io import StringIO

from django.core.management import call_command


def output_of(*command: str) -> str:
    """The output of a command, stripped. Raises CommandError."""
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()
