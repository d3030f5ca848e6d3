"""The embedded sampler as a program of its own."""

import json
import subprocess
import sys
from pathlib import Path

from tests.training.generation.chatting import SETTINGS

PROGRAM = [sys.executable, "-m", "training.generation.embedded_sampler", "--identifier", "small"]


def request(key: str, content: str) -> str:
    messages = [{"role": "user", "content": content}]
    return json.dumps({"key": key, "messages": messages, "seed": 1, "settings": SETTINGS.as_dict()}) + "\n"


def test_every_line_in_is_a_line_out_and_it_ends_with_stdin(tiny_folder: Path) -> None:
    lines = request("a", "hi") + request("b", "x" * 10_000)
    done = subprocess.run(
        [*PROGRAM, "--model", str(tiny_folder)], input=lines, capture_output=True, text=True, check=True
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    (completion,) = [each["completion"] for each in outcomes if "completion" in each]
    (failure,) = [each["failure"] for each in outcomes if "failure" in each]
    assert (completion["key"], completion["model"], completion["seed"]) == ("a", "small", 1)
    assert 0 < len(completion["completion_ids"]) <= SETTINGS.max_tokens
    assert failure["key"] == "b"


def test_a_folder_without_a_model_is_exit_code_2_with_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run([*PROGRAM, "--model", str(tmp_path)], input="", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no model folder" in done.stderr
