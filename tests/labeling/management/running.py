"""Running commands in tests."""

from io import StringIO
from typing import Any

from django.core.management import call_command


def run(*arguments: str, **options: Any) -> tuple[str, str]:
    """A command's stdout and stderr."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()
