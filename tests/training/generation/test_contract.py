"""The requests that a generator accepts, and those refused before anything is loaded."""

import json
import subprocess
import sys
from typing import Any

import pytest

from training.generation import GenerationRequest, InvalidRequest, InvalidSettings, Message, SamplingSettings

HELLO = [Message(role="user", content="Hello")]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"temperature": -0.1}, "temperature is -0.1: it must lie between 0 and 100"),
        ({"temperature": float("nan")}, "temperature is nan: it must be a number"),
        ({"temperature": "warm"}, "temperature is 'warm': it must be a number"),
        ({"temperature": True}, "temperature is True: it must be a number"),
        ({"top_p": 0}, "top_p is 0, which keeps no token"),
        ({"top_p": 1.5}, "top_p is 1.5: it must lie between 0 and 1"),
        ({"top_k": -1}, "top_k is -1: it must lie between 0"),
        ({"top_k": 2.5}, "top_k is 2.5: it must be a whole number"),
        ({"max_tokens": 0}, "max_tokens is 0: it must lie between 1"),
        ({"max_tokens": None}, "max_tokens is None: it must be a whole number"),
        ({"system_prompt": 3}, "system_prompt must be text"),
    ],
)
def test_settings_that_no_generator_could_honour_are_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidSettings, match=says):
        SamplingSettings(**values)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, True, None])
def test_a_seed_is_a_whole_number_that_every_server_takes(seed: Any) -> None:
    with pytest.raises(InvalidRequest, match="seed is"):
        GenerationRequest("k", HELLO, seed, SamplingSettings())


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([], "has no messages"),
        ([{"role": "robot", "content": "hi"}], "Message 1 of 'k' must have a role"),
        ([HELLO[0], {"role": "assistant", "content": None}], "Message 2 of 'k' must have a role"),
        ([{"content": "hi"}], "Message 1 of 'k' must have a role"),
    ],
)
def test_messages_have_a_role_and_a_text(messages: Any, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        GenerationRequest("k", messages, 0, SamplingSettings())


def test_settings_survive_json() -> None:
    settings = SamplingSettings(temperature=0.5, top_p=0.8, top_k=7, max_tokens=9, system_prompt="Be brief.")
    assert SamplingSettings(**json.loads(json.dumps(settings.as_dict()))) == settings


def test_the_system_prompt_comes_first_unless_the_prompt_has_its_own() -> None:
    settings = SamplingSettings(system_prompt="Be brief.")
    system = Message(role="system", content="Be kind.")
    assert GenerationRequest("k", HELLO, 0, settings).conversation == [
        {"role": "system", "content": "Be brief."},
        *HELLO,
    ]
    assert GenerationRequest("k", [system, *HELLO], 0, settings).conversation == [system, *HELLO]
    assert GenerationRequest("k", HELLO, 0, SamplingSettings()).conversation == HELLO


def test_checking_settings_loads_neither_torch_nor_a_client() -> None:
    code = (
        "import sys; from training.generation import SamplingSettings; SamplingSettings();"
        "print([name for name in ('torch', 'transformers', 'urllib3', 'django') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
