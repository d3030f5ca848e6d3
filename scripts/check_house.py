"""Measures the code base against its size limits and fails where a figure is over its limit.

Run by `make check`: python scripts/check_house.py [--list] [--root DIR]   (DIR: another checkout, to compare with)
"""

import argparse
import ast
import io
import keyword
import re
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

CODE = ("benchmarks", "common", "config", "labeling", "scripts", "training")
APPS = ("labeling", "training")
ENGINE = "training/engine"
LAYERED = ("common", "labeling", "training", "training.engine", "training.language_models")
NOT_OURS = frozenset({"vendor", "migrations", "__pycache__", "locale", "images", "node_modules"})
NOT_PROSE = ("experiments.md",)  # a diary: its entries are never rewritten
SCRIPTS = ("Makefile", "scripts/*.sh", "docker/**/*", ".ci/*", "requirements*.txt", "requirements/*.txt")

MOST_PARAMETERS = 8
MOST_TEMPLATE_CHARACTERS = 160
FRONTEND_LINES = 300
OPENERS = ("What", "Who", "Whoever")

LEAST_REPEATED_LINES = 12
LEAST_DISTINCT_LINES = 8
"""Of a repeat. In a list (imports, addresses, fields, names) most lines have the same shape: that is no repeat."""

Findings = list[str]


def files(root: Path, *folders: str, suffix: str) -> Iterator[Path]:
    """The project's own files below some folders, sorted."""
    for folder in folders:
        for path in sorted((root / folder).rglob(f"*{suffix}")):
            if not NOT_OURS & set(path.relative_to(root).parts):
                yield path


def loose_modules(root: Path) -> Findings:
    """Modules that lie directly in an app's folder instead of in a room."""
    return [
        path.relative_to(root).as_posix()
        for app in APPS
        for path in sorted((root / app).glob("*.py"))
        if path.name != "__init__.py"
    ]


def modules_without_layer(root: Path) -> Findings:
    """Packages that no exhaustive layers contract of import-linter covers."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings.get("tool", {}).get("importlinter", {}).get("contracts", [])
    layered = [one for one in contracts if one["type"] == "layers" and one.get("exhaustive")]
    covered = {container for one in layered for container in one.get("containers", [])}
    return [name for name in LAYERED if name not in covered]


def engine_files(root: Path) -> Findings:
    """The files of the engine's largest room."""
    rooms: dict[Path, Findings] = {}
    for path in files(root, ENGINE, suffix=".py"):
        if path.name != "__init__.py":
            rooms.setdefault(path.parent, []).append(path.relative_to(root).as_posix())
    return max(rooms.values(), key=len, default=[])


def long_parameter_lists(root: Path) -> Findings:
    """Functions with more parameters than a reader remembers; serializers list their fields."""
    findings = []
    for path in files(root, *CODE, suffix=".py"):
        if "serializers" in path.parts or path.name == "serializers.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                count = len(names) - (bool(names) and names[0] in ("self", "cls"))
                if count > MOST_PARAMETERS:
                    findings.append(f"{path.relative_to(root)}:{node.lineno} {node.name}: {count}")
    return findings


def long_template_lines(root: Path) -> Findings:
    """Template lines too long for a readable diff."""
    return [
        f"{path.relative_to(root)}:{number}: {len(line)}"
        for path in files(root, "templates", *APPS, suffix=".html")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > MOST_TEMPLATE_CHARACTERS
    ]


def long_frontend_files(root: Path) -> Findings:
    """Scripts and stylesheets that should be split."""
    paths = [*files(root, "frontend", suffix=".js"), *files(root, "frontend", suffix=".css")]
    lengths = [(len(path.read_text(encoding="utf-8").splitlines()), path) for path in paths]
    return [f"{path.relative_to(root)}: {lines}" for lines, path in lengths if lines >= FRONTEND_LINES]


def headless_sentences(root: Path) -> Findings:
    """Sentences that open with a relative clause without a noun ("What fails, the next sweep does."); no questions."""
    opener = re.compile(rf"(?:^|[.:;!?]\s+)((?:{'|'.join(OPENERS)})\s[^.!?]*[.!?]?)", re.MULTILINE)
    findings = []
    for path, line, text in _prose(root):
        for match in opener.finditer(text):
            sentence = " ".join(match[1].split())
            if not sentence.endswith("?"):
                findings.append(f"{path.relative_to(root)}:{line}: {sentence[:100]!r}")
    return findings


def _prose(root: Path) -> Iterator[tuple[Path, int, str]]:
    """Every text that people read, with its file and line (0: the whole file)."""
    for path in files(root, *CODE, "tests", suffix=".py"):
        yield from ((path, line, text) for line, text in _python_prose(path.read_text(encoding="utf-8")))
    scripts = files(root, "frontend", "tests", suffix=".js")
    for path in [*scripts, *files(root, "frontend", suffix=".css")]:
        yield from _matches(path, r'(?:^|\s)(?://|/\*+|\*)\s*(.*)|"([^"]+)"')
    for pattern in SCRIPTS:
        for path in sorted(each for each in root.glob(pattern) if each.is_file() and each.suffix != ".pyc"):
            yield from _matches(path, r"(?:^|\s)#+\s*(.*)")
    for path in files(root, "templates", *APPS, suffix=".html"):
        text = re.sub(r"{#|#}|<[^>]+>|{%.*?%}|{{.*?}}", "\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        yield path, 0, re.sub(r"\s*\n\s*", "\n", text)
    for path in [*root.glob("*.md"), *files(root, "docs", suffix=".md")]:
        if path.name not in NOT_PROSE:
            yield path, 0, path.read_text(encoding="utf-8")


def _matches(path: Path, pattern: str) -> Iterator[tuple[Path, int, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for match in re.finditer(pattern, line):
            yield path, number, next(group for group in match.groups() if group is not None)


def _python_prose(source: str) -> Iterator[tuple[int, str]]:
    """Strings with a space in them (an f-string as a whole), and comments (neighbouring lines as one text)."""
    nodes = list(ast.walk(ast.parse(source)))
    pieces = {id(piece) for node in nodes if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(_text(piece) for piece in node.values)
        elif isinstance(node, ast.Constant) and id(node) not in pieces and " " in _text(node):
            yield node.lineno, _text(node)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = (token for token in tokens if token.type == tokenize.COMMENT)
    for _, block in groupby(enumerate(comments), key=lambda pair: pair[1].start[0] - pair[0]):
        lines = [token for _, token in block]
        yield lines[0].start[0], " ".join(token.string.lstrip("#").strip() for token in lines)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def repeats(root: Path) -> Findings:
    """Places that repeat an earlier one, alike or with other names, strings and numbers; tests and migrations aside."""
    first: dict[tuple[str, ...], tuple[Path, int, int]] = {}
    findings: dict[tuple[Path, Path], str] = {}
    paths = [*files(root, *CODE, suffix=".py"), *files(root, "templates", *APPS, suffix=".html")]
    for path in [*paths, *files(root, "frontend", suffix=".js"), *files(root, "frontend", suffix=".css")]:
        lines = list(_shapes(path))
        for start in range(len(lines) - LEAST_REPEATED_LINES + 1):
            run = lines[start : start + LEAST_REPEATED_LINES]
            shapes = tuple(shape for _, shape in run)
            if len(set(shapes)) < LEAST_DISTINCT_LINES:
                continue
            other, line, place = first.setdefault(shapes, (path, run[0][0], start))
            if other != path or start - place >= LEAST_REPEATED_LINES:
                here = f"{path.relative_to(root)}:{run[0][0]} = {other.relative_to(root)}:{line}"
                findings.setdefault((path, other), here)
    return list(findings.values())


def missing_files(root: Path) -> Findings:
    """Files and folders that a document names in code or in a link, and that do not exist."""
    findings = []
    for path in [*root.glob("*.md"), *files(root, "docs", suffix=".md")]:
        if path.name in NOT_PROSE:
            continue
        text = path.read_text(encoding="utf-8")
        named = [(name, (root, *(root / app for app in APPS))) for name in re.findall(NAMED_FILE, text)]
        linked = [(name.partition("#")[0], (path.parent,)) for name in re.findall(r"\]\(([^)\s]+)\)", text)]
        findings += [
            f"{path.relative_to(root)}: {name}"
            for name, folders in named + linked
            if name and ":" not in name and not any(next(folder.glob(name), None) for folder in folders)
        ]
    return findings


NAMED_FILE = (
    r"`((?:benchmarks|common|config|docs|frontend|labeling|scripts|templates|tests|training)/[a-z_0-9/.*-]*"
    r"|[a-z_]+/[a-z_0-9/*-]+\.(?:py|js|css|html|md|sh))`"
)
"""A path of the project: `labeling/stats/`, or below an app: `judging/acts.py`. Capitals are placeholders."""

NOT_CODE = {
    ".py": r'^(?:from|import)\s[^(\n]*(?:\([^)]*\))?|^\s*"""(?s:.*?)"""|(?:^|\s)#.*$',
    ".js": r"^(?:import|export)\s[^;]*?from[^;]*;|/\*(?s:.*?)\*/|(?:^|\s)//.*$",
    ".css": r"/\*(?s:.*?)\*/",
    # The head of a template declares as imports do, and every table has the same bare tags.
    ".html": r"{#.*?#}|{% (?:extends|load) .*?%}|{% block (?:title|styles|scripts) %}(?s:.*?){% endblock %}"
    r"|^\s*</?(?:table|thead|tbody|tr)>$",
}
KEPT_WORDS = frozenset(keyword.kwlist) | {"const", "function", "let", "new", "null", "switch", "throw", "true"}


def _shapes(path: Path) -> Iterator[tuple[int, str]]:
    """Each line of code with its number: names, strings and numbers blanked out (in CSS nothing is)."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(NOT_CODE[path.suffix], lambda match: "\n" * match[0].count("\n"), text, flags=re.MULTILINE)
    for number, line in enumerate(text.splitlines(), start=1):
        shape = " ".join(line.split())
        if len(shape) <= 3:
            continue
        if path.suffix != ".css":
            shape = re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`', "''", shape)
            shape = re.sub(r"\b\d[\w.]*", "0", shape)
        if path.suffix == ".html":
            shape = re.sub(r">[^<]+(?=<|$)", ">text", re.sub(r"{{.*?}}", "text", shape))
        elif path.suffix != ".css":
            shape = re.sub(r"[A-Za-z_$]\w*", lambda match: match[0] if match[0] in KEPT_WORDS else "name", shape)
        yield number, shape


@dataclass(frozen=True)
class Rule:
    """title: what is counted. most: the highest allowed count."""

    title: str
    most: int
    measure: Callable[[Path], Findings]


RULES = (
    Rule("modules directly in an app's folder", 15, loose_modules),
    Rule("packages without an exhaustive layers contract", 0, modules_without_layer),
    Rule("files in the engine's largest room", 12, engine_files),
    Rule(f"parameter lists over {MOST_PARAMETERS}", 0, long_parameter_lists),
    Rule(f"template lines over {MOST_TEMPLATE_CHARACTERS} characters", 0, long_template_lines),
    Rule(f"scripts and stylesheets of {FRONTEND_LINES} or more lines", 0, long_frontend_files),
    Rule(f"sentences opening with {', '.join(OPENERS)}", 29, headless_sentences),
    Rule("files that documents name and that do not exist", 0, missing_files),
    Rule(f"repeats of {LEAST_REPEATED_LINES} or more lines", 0, repeats),
)


def main(arguments: list[str] | None = None) -> int:
    """Prints every count beside its limit; returns 1 if one is over it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the checkout")
    parser.add_argument("--list", action="store_true", help="list every finding, even within the limit")
    options = parser.parse_args(arguments)
    is_over = False
    for rule in RULES:
        findings = rule.measure(options.root)
        print(f"{len(findings):5} of at most {rule.most:2}  {rule.title}")
        if len(findings) > rule.most or options.list:
            print("".join(f"        {line}\n" for line in findings), end="")
        is_over |= len(findings) > rule.most
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())
