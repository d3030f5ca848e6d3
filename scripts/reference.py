"""Writes docs/reference/: the environment, commands, API, dialects, run settings and events, as the code has them.

Run after one of them has changed: python scripts/reference.py
"""

import argparse
import ast
import dataclasses
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":  # the tests have Django set up
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings_for_tests")
    django.setup()

from django.core.management import BaseCommand  # noqa: E402
from django.utils.translation import override  # noqa: E402

FOLDER = ROOT / "docs" / "reference"
ROOMS = ("labeling", "training")
READERS_OF_THE_ENVIRONMENT = ("config/settings.py", "config/platform", "config/embedded", "training", "labeling")
ENVIRONMENT: dict[str, dict[str, str]] = tomllib.loads(
    (ROOT / "scripts" / "environment.toml").read_text(encoding="utf-8")
)
"""The variables in words, by what they are for."""

METHODS = ("get", "post", "put", "patch", "delete")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table. A bar in a cell is written so that it ends no cell."""
    lines = [list(heads), *([" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def environment() -> str:
    """The variables that set everything, by what they are for."""
    defaults = defaults_of_settings()
    parts = [
        "# Environment variables\n\nThey set everything; there is no other file of settings. `make run` sets those "
        "that are needed on one machine. Lists have commas between their values; `true` and `false` switch.\n"
    ]
    for title, names in ENVIRONMENT.items():
        rows = ((f"`{name}`", defaults.get(name, ""), sentence) for name, sentence in names.items())
        parts.append(f"\n## {title}\n\n{table(('variable', 'default', 'meaning'), rows)}")
    return "".join(parts)


def defaults_of_settings() -> dict[str, str]:
    """The variables that the settings read, each with its default in words."""
    tree = ast.parse((ROOT / "config" / "settings.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _reads_environment(node)]
    return {
        str(ast.literal_eval(call.args[0])): _default(call) for call in calls if isinstance(call.args[0], ast.Constant)
    }


def _reads_environment(node: ast.Call) -> bool:
    if isinstance(node.func, ast.Attribute):
        return isinstance(node.func.value, ast.Name) and node.func.value.id == "env" and bool(node.args)
    return isinstance(node.func, ast.Name) and node.func.id == "_required"


def _default(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return "**required**"
    value = next(keyword.value for keyword in call.keywords if keyword.arg == "default")
    if not isinstance(value, ast.Constant | ast.List):
        return ""  # it follows from another one, as its sentence says
    plain = ast.literal_eval(value)
    if isinstance(plain, list):
        return f"`{','.join(plain)}`" if plain else "none"
    return "none" if plain == "" else f"`{str(plain).lower() if isinstance(plain, bool) else plain}`"


def variables_read_elsewhere() -> set[str]:
    """The variables that the code reads beside the settings, such as those of `make run`."""
    found = set()
    for place in READERS_OF_THE_ENVIRONMENT:
        for path in [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")):
            found |= set(re.findall(r"""environ(?:\.get\(|\[)"([A-Z_]+)""", path.read_text(encoding="utf-8")))
    return found


def commands() -> str:
    """The commands of `manage.py` that are ours, with their options."""
    parts = [
        "# Commands\n\nCall them as `.venv/bin/python manage.py NAME ...`: they use the database of a running "
        "`make run`, or start one. `--help` says the same as this page.\n"
    ]
    for name, command in our_commands():
        parser = command.create_parser("manage.py", name)
        parts.append(f"\n## {name}\n\n{_opened(command.help)}\n\n{_usage(parser, name)}")
    return "".join(parts)


def our_commands() -> Iterator[tuple[str, BaseCommand]]:
    """The commands of our rooms, by name."""
    paths = (path for room in ROOMS for path in (ROOT / room / "management" / "commands").glob("[a-z]*.py"))
    for path in sorted(paths, key=lambda each: each.stem):
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        yield path.stem, module.Command()


def _usage(parser: argparse.ArgumentParser, name: str) -> str:
    """Tables of the arguments, of each action where a command has several."""
    own = [action for action in parser._actions if action.help is not argparse.SUPPRESS and not _is_djangos(action)]
    choices = [action for action in own if isinstance(action, argparse._SubParsersAction)]
    rows = [_argument(action) for action in own if action not in choices]
    parts = [table(("argument", "meaning"), rows)] if rows else []
    for action in choices:
        said = {each.dest: each.help or "" for each in action._choices_actions}
        for word, below in action.choices.items():
            parts.append(f"\n**`{name} {word}`** {_opened(said.get(word, ''))}\n\n{_usage(below, f'{name} {word}')}")
    return "".join(parts) or "It takes no arguments.\n"


def _is_djangos(action: argparse.Action) -> bool:
    """Whether every command of Django has it."""
    plain = BaseCommand().create_parser("manage.py", "any")
    return action.dest in {each.dest for each in plain._actions}


def _argument(action: argparse.Action) -> tuple[str, str]:
    name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    takes = "" if action.nargs == 0 or not action.option_strings else f" {_value(action)}"
    said = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
    return f"`{name}{takes}`", said + (" Required." if action.required and action.option_strings else "")


def _value(action: argparse.Action) -> str:
    if action.choices:
        return "{" + ",".join(str(each) for each in action.choices) + "}"
    return " ".join(action.metavar) if isinstance(action.metavar, tuple) else str(action.metavar or action.dest.upper())


def _opened(text: str) -> str:
    """The sentence with a capital and its stop."""
    text = " ".join(text.split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", ":")) or not text else ".")


def api() -> str:
    """Every operation of the REST interface, by its subject."""
    schema = import_module("drf_spectacular.generators").SchemaGenerator().get_schema(request=None, public=True)
    by_tag: dict[str, list[tuple[str, str, str]]] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                said = operation.get("summary") or operation.get("description", "").split("\n\n")[0]
                row = (f"`{method.upper()}`", f"`{path}`", _opened(said))
                by_tag.setdefault(_subject(path), []).append(row)
    parts = [
        "# REST interface\n\nJSON, with a token (`Authorization: Bearer ...`) or a signed-in browser. "
        "A running platform shows the whole interface with its fields and examples at `/api/v1/docs/`, "
        "and as OpenAPI 3.1 at `/api/v1/schema/`.\n"
    ]
    for tag, rows in sorted(by_tag.items()):
        parts.append(f"\n## {tag}\n\n{table(('method', 'address', 'meaning'), rows)}")
    return "".join(parts)


def _subject(path: str) -> str:
    """The heading of an address: the first part that names something within what it lies in."""
    parts = [part for part in path.removeprefix("/api/v1/").strip("/").split("/") if not part.startswith("{")]
    words = parts[1] if parts[0] == "campaigns" and len(parts) > 1 else parts[0]
    return words.replace("-", " ").replace("_", " ").capitalize()


def dialects() -> str:
    """The file formats by name: what is recognised, and what is written."""
    from labeling.exchange import READERS
    from labeling.exchange.writers import WRITERS
    from labeling.web.imports import EXPORTS

    read = ((f"`{one.name}`", one.shape) for one in READERS.values())
    contents = {name: str(content) for name, _label, content in EXPORTS}
    written = (
        (
            f"`{one.name}`",
            f"`{one.extension}`",
            _opened(contents[one.name]),
            ", ".join(str(each or "none yet") for each in one.winners),
        )
        for one in WRITERS.values()
    )
    return (
        "# Dialects\n\n[Formats](formats.md) says what each file holds and how it comes back.\n\n"
        "## Read\n\nA record is read by the first dialect that recognises it. `--dialect NAME` chooses one; for other "
        f"files there is a mapping of columns.\n\n{table(('dialect', 'recognised by'), read)}"
        f"\n## Written\n\n{table(('dialect', 'file', 'content', 'verdicts that it can express'), written)}"
    )


def _winners(winners: Iterable[str | None]) -> str:
    return ", ".join(each or "none yet" for each in winners)


def runs() -> str:
    """The settings of a training run."""
    from training.engine.config import RunConfig

    rows = []
    for each in dataclasses.fields(RunConfig):
        default = ", ".join(each.default) if isinstance(each.default, tuple) else str(each.default)
        rows.append((f"`{each.name}`", f"`{default}`", _limits(each.metadata), str(each.metadata["sentence"])))
    return (
        "# Settings of a run\n\nOn the form of a run, in the API (`config`), and for the engine alone as "
        "`--set NAME=VALUE`.\n\n" + table(("setting", "default", "values", "meaning"), rows)
    )


def _limits(limits: Any) -> str:
    if "one_of" in limits:
        return ", ".join(f"`{each}`" for each in limits["one_of"])
    words = {"low": "from", "above": "above", "high": "to", "below": "below"}
    return " ".join(f"{word} {limits[name]:g}" for name, word in words.items() if name in limits)


def events() -> str:
    """The verbs of the event log and the types of webhook messages."""
    from labeling.events.types import offered
    from labeling.web.event_labels import event_choices

    logged = ((f"`{verb}`", label) for verb, label in sorted(event_choices()))
    sent = ((f"`{kind}`", str(sentence)) for kind, sentence in offered().items())
    return (
        "# Events\n\n## Webhook messages\n\nSigned as Standard Webhooks ask, tried again for a day.\n\n"
        + table(("type", "sent when"), sent)
        + "\n## The event log\n\nOne row for each act, written in the act's own transaction, never changed.\n\n"
        + table(("verb", "meaning"), logged)
    )


PAGES: dict[str, Callable[[], str]] = {
    "environment": environment,
    "commands": commands,
    "api": api,
    "dialects": dialects,
    "runs": runs,
    "events": events,
}


def page(name: str) -> str:
    """The text of a page, in English."""
    with override("en"):
        head, rest = PAGES[name]().split("\n", 1)
        return f"{head}\n\n*Made from the code by `python scripts/reference.py`.*\n{rest}"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in PAGES:
        (FOLDER / f"{name}.md").write_text(page(name), encoding="utf-8")
