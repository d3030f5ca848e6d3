"""import_prompts takes text and JSON."""

from pathlib import Path

from labeling.models import Prompt
from tests.labeling.management.running import run
from tests.people import stage


def test_import_prompts_takes_text_and_json(tmp_path: Path) -> None:
    stage()
    file = tmp_path / "prompts.txt"
    file.write_text("Why?\nHow?\n")
    out, _ = run("import_prompts", "sums", str(file))
    assert "2 new" in out
    assert Prompt.objects.count() == 2
