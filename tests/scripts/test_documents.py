"""The commands that documents name exist, with the options that they are given there. Those of the tutorial and of the
how-tos run (tests/flows/test_howtos.py)."""

import argparse
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent.parent
HISTORY = ("CHANGELOG.md", "docs/experiments.md", "docs/decisions/")
"""Documents about the past, whose commands may be gone."""

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if not path.relative_to(ROOT).as_posix().startswith(HISTORY)
)
MANAGE = re.compile(r"manage\.py\s+([a-z][a-z_]+)((?:[^\n`#;&]|\\\n)*)")
MODULE = re.compile(r"python -m ((?:benchmarks|training|config)[a-z_.]*)((?:[^\n`#;&]|\\\n)*)")
MAKE = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The options of a command and of what stands below it."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from options_of(below)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_of_manage_py_exist_with_their_options(document: str) -> None:
    commands, wrong = get_commands(), []
    for name, rest in MANAGE.findall((ROOT / document).read_text(encoding="utf-8")):
        if name not in commands:
            wrong.append(f"manage.py {name}")
            continue
        known = set(options_of(load_command_class(commands[name], name).create_parser("manage.py", name)))
        wrong += [f"manage.py {name} {option}" for option in OPTION.findall(_own(rest)) if option not in known]
    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_modules_that_are_run_exist_with_their_options(document: str) -> None:
    wrong = []
    for name, rest in MODULE.findall((ROOT / document).read_text(encoding="utf-8")):
        spec = find_spec(name.rstrip("."))
        if spec is None or spec.origin is None:
            wrong.append(name)
            continue
        origin = Path(spec.origin)
        sources = origin.parent.rglob("*.py") if origin.name == "__init__.py" else [origin]
        text = "".join(source.read_text(encoding="utf-8") for source in sources)
        wrong += [f"{name} {option}" for option in OPTION.findall(_own(rest)) if f'"{option}"' not in text]
    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_targets_of_make_exist(document: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(MAKE.findall((ROOT / document).read_text(encoding="utf-8")))
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def _own(rest: str) -> str:
    """The rest that belongs to this command: not to the next one of a line, nor to a cell behind it."""
    return re.split(r"manage\.py|python -m|\|\s", rest)[0]
