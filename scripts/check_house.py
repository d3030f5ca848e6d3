"""Measures the house: what must stay small, and fails where it has grown over its limit.

Run by `make check`: python scripts/check_house.py [--root DIR]   (another checkout, for a before and an after)
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

CODE = ("benchmarks", "common", "config", "labeling", "scripts", "training")
APPS = ("labeling", "training")
ENGINE_ROOMS = ("", "data", "model", "learning", "measuring")
MOST_PARAMETERS = 8
MOST_TEMPLATE_CHARACTERS = 160
MOST_FRONTEND_LINES = 300
LEAST_REPEATED_LINES = 12
OPENERS = ("What", "Who", "Whoever")
NOT_PROSE = ("experiments.md",)  # a diary: what was written then stays

Findings = list[str]


def tree(root: Path, *folders: str, suffix: str) -> Iterator[Path]:
    """Files of ours below some folders of the project, sorted."""
    for folder in folders:
        for path in sorted((root / folder).rglob(f"*{suffix}")):
            parts = path.relative_to(root).parts
            if not {"vendor", "migrations", "__pycache__", "locale", "images"} & set(parts):
                yield path


def loose_modules(root: Path) -> Findings:
    """Modules that stand in the hall of an app, in no room."""
    return [
        path.relative_to(root).as_posix()
        for app in APPS
        for path in sorted((root / app).glob("*.py"))
        if path.name != "__init__.py"
    ]


def engine_files(root: Path) -> Findings:
    """The largest room of the engine, file by file."""
    rooms = [sorted((root / "training" / "engine" / room).glob("*.py")) for room in ENGINE_ROOMS]
    largest = max(rooms, key=len)
    return [path.relative_to(root).as_posix() for path in largest if path.name != "__init__.py"]


def long_parameter_lists(root: Path) -> Findings:
    """Functions with more parameters than anybody keeps in mind."""
    found = []
    for path in tree(root, *CODE, suffix=".py"):
        if "serializers" in path.as_posix() or "settings" in path.name:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                count = len(names) - (bool(names) and names[0] in ("self", "cls"))
                if count > MOST_PARAMETERS:
                    found.append(f"{path.relative_to(root)}:{node.lineno} {node.name}: {count}")
    return found


def long_template_lines(root: Path) -> Findings:
    """Lines of templates that a diff cannot show."""
    return [
        f"{path.relative_to(root)}:{number}: {len(line)}"
        for path in tree(root, "templates", *APPS, suffix=".html")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > MOST_TEMPLATE_CHARACTERS
    ]


def long_frontend_files(root: Path) -> Findings:
    """Scripts and stylesheets that want to be two."""
    paths = [*tree(root, "frontend", suffix=".js"), *tree(root, "frontend", suffix=".css")]
    lengths = [(len(path.read_text(encoding="utf-8").splitlines()), path) for path in paths]
    return [f"{path.relative_to(root)}: {lines}" for lines, path in lengths if lines >= MOST_FRONTEND_LINES]


def headless_sentences(root: Path) -> Findings:
    """Sentences that open with a relative clause without a noun ("What fails, the next sweep does.")."""
    opener = re.compile(rf"(?:^|[.:;!?]\s+)({'|'.join(OPENERS)})\s[^.!?]*[.!?]?", re.MULTILINE)
    found = []
    for path, line, text in _prose(root):
        for match in opener.finditer(text):
            sentence = match[0].lstrip(".:;!? \n")
            if not sentence.rstrip().endswith("?"):
                found.append(f"{path.relative_to(root)}:{line}: {sentence[:100]!r}")
    return found


def _prose(root: Path) -> Iterator[tuple[Path, int, str]]:
    """Every piece of text that a person reads: docstrings, comments, messages, templates, documents."""
    for path in tree(root, *CODE, "tests", suffix=".py"):
        yield from ((path, line, text) for line, text in _python_prose(path.read_text(encoding="utf-8")))
    for path in [*tree(root, "frontend", suffix=".js"), *tree(root, "frontend", suffix=".css")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            comment = re.search(r"(?:^|\s)(?://|/\*+|\*)\s*(.*)", line)
            if comment:
                yield path, number, comment[1]
    for path in tree(root, "templates", *APPS, suffix=".html"):
        text = re.sub(r"{#.*?#}|<[^>]+>|{%.*?%}|{{.*?}}", "\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        yield path, 0, re.sub(r"\s*\n\s*", "\n", text)
    documents = [*root.glob("*.md"), *tree(root, "docs", suffix=".md")]
    for path in documents:
        if path.name not in NOT_PROSE:
            yield path, 0, path.read_text(encoding="utf-8")


def _python_prose(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value
    lines = (
        token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.COMMENT
    )
    for _, block in groupby(enumerate(lines), key=lambda pair: pair[1].start[0] - pair[0]):
        tokens = [token for _, token in block]
        yield tokens[0].start[0], " ".join(token.string.lstrip("#").strip() for token in tokens)


def repeats(root: Path) -> Findings:
    """Runs of the same lines in two places, outside tests and migrations."""
    seen: dict[tuple[str, ...], tuple[Path, int]] = {}
    found: dict[tuple[Path, Path], str] = {}
    paths = [*tree(root, *CODE, suffix=".py"), *tree(root, "templates", *APPS, suffix=".html")]
    paths += [*tree(root, "frontend", suffix=".js"), *tree(root, "frontend", suffix=".css")]
    for path in paths:
        lines = [
            (number, line.strip())
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
            if len(line.strip()) > 3 and not re.match(r"\s*(?:#|//|from\s|import\s)", line)
        ]
        for start in range(len(lines) - LEAST_REPEATED_LINES + 1):
            run = lines[start : start + LEAST_REPEATED_LINES]
            place = (path, run[0][0])
            other = seen.setdefault(tuple(line for _, line in run), place)
            if other != place:
                here = f"{path.relative_to(root)}:{place[1]} = {other[0].relative_to(root)}:{other[1]}"
                found.setdefault((path, other[0]), here)
    return list(found.values())


@dataclass(frozen=True)
class Rule:
    """title: what is counted. most: how many there may be."""

    title: str
    most: int
    measure: Callable[[Path], Findings]


RULES = (
    Rule("modules of the two apps in no room", 15, loose_modules),
    Rule("files of the engine's largest room", 12, engine_files),
    Rule(f"parameter lists over {MOST_PARAMETERS}", 0, long_parameter_lists),
    Rule(f"template lines over {MOST_TEMPLATE_CHARACTERS} characters", 0, long_template_lines),
    Rule(f"scripts and stylesheets of {MOST_FRONTEND_LINES} lines and more", 0, long_frontend_files),
    Rule(f"sentences that open with {', '.join(OPENERS)}", 29, headless_sentences),
    Rule(f"repeats of {LEAST_REPEATED_LINES} and more lines", 0, repeats),
)


def main(arguments: list[str] | None = None) -> int:
    """Prints every figure beside its limit; returns 1 where one is over it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the checkout")
    parser.add_argument("--list", action="store_true", help="every finding, also where there are few enough")
    options = parser.parse_args(arguments)
    over = False
    for rule in RULES:
        found = rule.measure(options.root)
        is_over = len(found) > rule.most
        over |= is_over
        print(f"{len(found):5} of at most {rule.most:2}  {rule.title}")
        if is_over or options.list:
            print("".join(f"        {line}\n" for line in found), end="")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
