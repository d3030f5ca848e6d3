"""import_prompts takes text and JSON."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from labeling.models import Prompt
from tests.people import stage


def run(*arguments: str, **options: Any) -> tuple[str, str]:
    """A command's stdout and stderr."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_import_prompts_takes_text_and_json(tmp_path: Path) -> None:
    stage()
    file = tmp_path / "prompts.txt"
    file.write_text("Why?\nHow?\n")
    out, _ = run("import_prompts", "sums", str(file))
    assert "2 new" in out
    assert Prompt.objects.count() == 2
