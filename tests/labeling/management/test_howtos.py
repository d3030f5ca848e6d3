"""Every command of the how-tos about other tools runs, in its order. That from OpenAI runs beside a platform."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from config.embedded.var import PROJECT_DIR
from labeling.actions.campaigns import create_campaign
from tests.labeling.management.running import run
from tests.people import stage

pytestmark = pytest.mark.django_db

FIELDS = {"prompt": "Name two fruits.", "response1": "Apples and plums.", "response2": "Potatoes."}


def annotation(number: int, choice: str, **more: Any) -> dict[str, Any]:
    result = [{"type": "pairwise", "from_name": "pw", "to_name": "prompt", "value": {"selected": choice}}]
    return {"id": number, "completed_by": number, "was_cancelled": False, "result": result, **more}


LABEL_STUDIO = [
    {
        "id": number,
        "data": {"prompt": f"Name {number} fruits.", "answer1": "Apples and plums.", "answer2": "Potatoes."},
        "annotations": [annotation(1, "left"), annotation(2, "left" if number < 4 else "right")],
        "predictions": [],
    }
    for number in (1, 2, 3, 4)
]
ARGILLA = [
    {
        "id": str(number),
        "fields": {**FIELDS, "prompt": f"Name {number} fruits."},
        "metadata": {"topic": "fruit"},
        "responses": {
            "preference": [
                {"value": "response1", "user_id": "ann"},
                {"value": "response1" if number < 4 else "response2", "user_id": "bob"},
            ]
        },
    }
    for number in (1, 2, 3, 4)
]
FILES = {"from-label-studio.md": ("project.json", LABEL_STUDIO), "from-argilla.md": ("records.json", ARGILLA)}


def test_every_how_to_with_commands_has_a_test() -> None:
    pages = {path.name: path.read_text() for path in (PROJECT_DIR / "docs" / "howto").glob("*.md")}
    assert {name for name, text in pages.items() if "```" in text} == {*FILES, "from-openai.md"}


@pytest.mark.parametrize("page", FILES)
def test_every_command_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, records = FILES[page]
    (tmp_path / name).write_text(json.dumps(records))
    monkeypatch.chdir(tmp_path)
    scene = stage()
    create_campaign(name="Support", overlap=2, acting_user=scene.maya, now=scene.now)
    text = (PROJECT_DIR / "docs" / "howto" / page).read_text()
    commands = re.findall(r"^\.venv/bin/python manage\.py (.*)$", text, re.MULTILINE)
    assert len(commands) == text.count("manage.py ") - text.count("`manage.py ")
    said = [run(*shlex.split(command))[0] for command in commands]
    assert "4 new" in said[0]
    assert "Dry run" in said[0]
    assert "4 new" in said[1]
    agreement = next(out for command, out in zip(commands, said, strict=True) if command.startswith("agreement"))
    assert "0.750 " in agreement, agreement  # they agree on three of four
    assert len(list(tmp_path.iterdir())) > 1  # an export
