"""Every command of the tutorial and of a how-to runs, in its order, beside a real platform with the real model."""

import json
import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from config.embedded.var import PROJECT_DIR
from tests.flows.running import OWN_SERVICES, Platform

pytestmark = [pytest.mark.serial, pytest.mark.long, pytest.mark.timeout(1800)]

DOCS = PROJECT_DIR / "docs"
PAIRS = 60
THINGS = ("parcel", "invoice", "password", "order", "refund", "address", "contract", "printer")


def commands_of(page: str) -> list[str]:
    """The blocks of commands that run by themselves; those marked `terminal` wait for a person."""
    blocks: list[str] = re.findall(r"^```sh\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    return blocks


def openai_file(path: Path) -> None:
    """Preferences in OpenAI's form: brief and polite answers are preferred."""
    chance = random.Random(0)
    with path.open("w") as file:
        for number in range(PAIRS):
            thing = f"{chance.choice(THINGS)} {number}"
            record = {
                "input": {
                    "messages": [
                        {"role": "developer", "content": "You help customers."},
                        {"role": "user", "content": [{"type": "text", "text": f"Where is my {thing}?"}]},
                    ],
                    "tools": [],
                    "parallel_tool_calls": True,
                },
                "preferred_output": [{"role": "assistant", "content": f"I will look for your {thing} at once."}],
                "non_preferred_output": [{"role": "assistant", "content": f"No idea. Who needs a {thing} anyway?"}],
            }
            file.write(json.dumps(record) + "\n")


def in_order(script: str, platform: Platform, folder: Path) -> str:
    """Runs the commands in a folder of their own, as somebody does who types them; what they printed."""
    for name in (".venv", "manage.py"):
        (folder / name).symlink_to(PROJECT_DIR / name)
    environment = {name: value for name, value in os.environ.items() if name not in OWN_SERVICES}
    environment |= {"CHOSEN_VAR": str(platform.var), "PYTHONPATH": str(PROJECT_DIR)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("http://127.0.0.1:8000", platform.address)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_first_loop(platform: Platform, tmp_path: Path) -> None:
    # Fewer and shorter texts than on the page: the test is about the commands.
    script = "\n".join(commands_of("tutorial/first-loop.md")).replace("--max-tokens 40", "--max-tokens 8")
    in_order(script.replace("--pairs-per-prompt 2", "--pairs-per-prompt 1"), platform, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "first-loop.jsonl").read_text().splitlines()]
    assert sum("comparison" in line.get("type", "") for line in lines) >= 8


def test_from_openai(platform: Platform, tmp_path: Path) -> None:
    openai_file(tmp_path / "preferences.jsonl")
    # One epoch instead of the usual ones: the test is about the commands.
    script = "\n".join(commands_of("howto/from-openai.md"))
    said = in_order(script.replace("train support --wait", "train support --wait --set epochs=1"), platform, tmp_path)
    assert f"{PAIRS} new, {PAIRS} of them settled; 0 duplicates; 0 rejected. Dry run" in said
    assert "support-v1 serves." in said
    assert (tmp_path / "support-v1" / "adapter_model.safetensors").is_file()
