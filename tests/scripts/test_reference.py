"""The reference among the documents is what the code has."""

import argparse

import pytest

from scripts.reference import (
    ENVIRONMENT,
    FOLDER,
    PAGES,
    defaults_of_settings,
    our_commands,
    page,
    table,
    variables_read_elsewhere,
)

WRITTEN = {"formats"}
"""Pages that are written by hand."""

NOT_OURS = {"GROUP_RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "PATH", "RANK", "SUPERVISOR_ENABLED", "WORLD_SIZE"}
"""Variables that other programs set for us."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_what_the_code_has_today(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text(encoding="utf-8") == page(name), "run: python scripts/reference.py"


def test_the_folder_has_no_page_that_nothing_makes() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} - WRITTEN == set(PAGES)


def test_every_variable_that_the_code_reads_has_its_sentence_and_no_other_has() -> None:
    told = [name for names in ENVIRONMENT.values() for name in names]
    assert len(told) == len(set(told))
    assert set(told) == (set(defaults_of_settings()) | variables_read_elsewhere()) - NOT_OURS


def test_every_argument_of_a_command_says_what_it_is() -> None:
    silent = [
        f"{name}: {action.dest}"
        for name, command in our_commands()
        for action in _silent(command.create_parser("manage.py", name))
    ]
    assert silent == []


def _silent(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    own = [action for action in parser._actions if not action.help and action not in below]
    return own + [silent for action in below for each in action.choices.values() for silent in _silent(each)]


def test_a_bar_in_a_cell_ends_no_cell() -> None:
    assert table(("a", "b"), [("x|y", "two\n lines")]) == "| a | b |\n| --- | --- |\n| x\\|y | two lines |\n"
