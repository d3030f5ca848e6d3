"""The size limits: each rule reports what breaks it and nothing else, and the command fails on a finding."""

from pathlib import Path

import pytest

from scripts.check_house import OPENERS, RULES, Findings, main

PARAMETERS = ", ".join(f"name_{number}" for number in range(9))
LAYERS = '[[tool.importlinter.contracts]]\nname = "layers"\ntype = "layers"\nlayers = ["a"]\nexhaustive = true\n'
ALL_LAYERED = (
    LAYERS + 'containers = ["common", "labeling", "training", "training.engine", "training.language_models"]\n'
)
HEADLESS, NOUN = f"{OPENERS[0]} fails, the next sweep does.", "The next sweep retries failed jobs."
BODY = """
def {name}(rows):
    total = 0
    for row in rows:
        if row.{field} > 3:
            total += row.{field}
    names = [row.name for row in rows]
    while total > 100:
        total = total // 2
    text = "{text}" + str(total)
    try:
        value = int(text)
    except ValueError:
        value = None
    return value, names
"""
LIST = "\n".join(f'    path("{number}/", view_{number}, name="view-{number}"),' for number in range(30))


def folder(root: Path, files: dict[str, str]) -> Path:
    """Writes a project with these files."""
    for name, text in ({"pyproject.toml": ALL_LAYERED} | files).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def findings(root: Path, title: str) -> Findings:
    """The findings of the rule with that title."""
    return next(rule.measure(root) for rule in RULES if rule.title.startswith(title))


@pytest.mark.parametrize(
    ("title", "files", "expected"),
    [
        ("modules directly", {"labeling/words.py": "", "labeling/__init__.py": ""}, ["labeling/words.py"]),
        (
            "packages without",
            {"pyproject.toml": LAYERS},
            ["common", "labeling", "training", "training.engine", "training.language_models"],
        ),
        ("parameter lists", {"common/a.py": f"def act({PARAMETERS}): ..."}, ["common/a.py:1 act: 9"]),
        ("parameter lists", {"common/a.py": f"def act(*, {PARAMETERS}): ..."}, ["common/a.py:1 act: 9"]),
        ("template lines", {"templates/a.html": f"<p></p>\n{161 * 'x'}\n"}, ["templates/a.html:2: 161"]),
        ("scripts and stylesheets", {"frontend/a.js": 300 * "\n"}, ["frontend/a.js: 300"]),
        ("scripts and stylesheets", {"frontend/a.css": 300 * "\n"}, ["frontend/a.css: 300"]),
        (
            "files that documents",
            {"docs/a.md": "In `labeling/stats/kappa.py`."},
            ["docs/a.md: labeling/stats/kappa.py"],
        ),
        ("files that documents", {"README.md": "[terms](docs/terms.md#seat)"}, ["README.md: docs/terms.md"]),
    ],
)
def test_a_rule_names_what_breaks_it(tmp_path: Path, title: str, files: dict[str, str], expected: list[str]) -> None:
    assert findings(folder(tmp_path, files), title) == expected


@pytest.mark.parametrize(
    ("title", "files"),
    [
        ("modules directly", {"labeling/room/words.py": "", "labeling/__init__.py": "", "common/words.py": ""}),
        ("packages without", {}),
        ("parameter lists", {"common/a.py": f"def act(self, {PARAMETERS.removesuffix(', name_8')}): ..."}),
        ("parameter lists", {"labeling/api/serializers/a.py": f"def act({PARAMETERS}): ..."}),
        ("template lines", {"templates/a.html": 160 * "x", "frontend/vendor/a.html": 161 * "x"}),
        ("scripts and stylesheets", {"frontend/a.js": 299 * "\n", "frontend/vendor/b.js": 300 * "\n"}),
        (
            "files that documents",
            {
                "labeling/stats/kappa.py": "",
                "docs/a.md": "`labeling/stats/kappa.py`, `stats/*.py`, `labeling/web/NAME.py`",
            },
        ),
        (
            "files that documents",
            {"docs/b.md": "# Seat", "docs/a.md": "[seat](b.md#seat), [site](https://example.org)"},
        ),
    ],
)
def test_a_rule_leaves_alone_what_keeps_it(tmp_path: Path, title: str, files: dict[str, str]) -> None:
    assert findings(folder(tmp_path, files), title) == []


def test_the_largest_room_of_the_engine_is_counted_file_by_file(tmp_path: Path) -> None:
    files = {f"training/engine/data/{name}.py": "" for name in ("a", "b", "__init__")}
    root = folder(tmp_path, files | {"training/engine/cli.py": ""})
    assert findings(root, "files in the engine") == ["training/engine/data/a.py", "training/engine/data/b.py"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("common/a.py", '"""{}"""\n'),
        ("common/a.py", "x = 1  # {}\n"),
        ("common/a.py", 'x = f"{{y}}: {}"\n'),
        ("tests/a.py", 'def test():\n    """First. {}"""\n'),
        ("frontend/js/a.js", "// {}\n"),
        ("frontend/js/a.js", 'say(gettext("{}"));\n'),
        ("frontend/css/a.css", "/* {} */\n"),
        ("templates/a.html", "<p>{{% if x %}}{}{{% endif %}}</p>"),
        ("templates/a.html", "{{# {} #}}\n<p>Text</p>"),
        ("tests/frontend/a.test.js", "// {}\n"),
        ("docs/a.md", "# Title\n\n{}\n"),
        ("Makefile", "# {}\n"),
    ],
)
def test_a_sentence_without_a_noun_is_found_wherever_people_read(tmp_path: Path, name: str, text: str) -> None:
    assert len(findings(folder(tmp_path, {name: text.format(HEADLESS)}), "sentences")) == 1
    assert findings(folder(tmp_path, {name: text.format(NOUN)}), "sentences") == []


def test_a_question_is_no_sentence_without_a_noun(tmp_path: Path) -> None:
    question = f'x = "{OPENERS[0]} is {{}} plus one?"\ny = f"{OPENERS[0]} is {{x}} plus one?"\n'
    assert findings(folder(tmp_path, {"common/a.py": question}), "sentences") == []


def test_the_same_lines_in_two_files_are_a_repeat(tmp_path: Path) -> None:
    body = BODY.format(name="act", field="size", text="size")
    root = folder(tmp_path, {"common/a.py": body, "training/b.py": f'"""Another one."""\n\n{body}'})
    assert findings(root, "repeats") == ["training/b.py:4 = common/a.py:2"]


def test_other_names_strings_and_numbers_do_not_hide_a_repeat(tmp_path: Path) -> None:
    one, other = BODY.format(name="act", field="size", text="size"), BODY.format(name="do", field="age", text="years")
    root = folder(tmp_path, {"common/a.py": one + other.replace("100", "7")})
    assert findings(root, "repeats") == ["common/a.py:17 = common/a.py:2"]


def test_another_loop_in_the_middle_is_no_repeat(tmp_path: Path) -> None:
    one = BODY.format(name="act", field="size", text="size")
    other = one.replace("while total > 100:", "for _ in rows:").replace("try:", "with lock:")
    assert findings(folder(tmp_path, {"common/a.py": one + other}), "repeats") == []


def test_lists_imports_tests_and_migrations_are_no_repeats(tmp_path: Path) -> None:
    body = BODY.format(name="act", field="size", text="size")
    imports = "from somewhere import (\n" + "".join(f"    name_{number},\n" for number in range(20)) + ")\n"
    files = {
        "labeling/urls.py": f"urls = [\n{LIST}\n]\n",
        "training/urls.py": f"urls = [\n{LIST}\n]\n",
        "common/a.py": imports,
        "common/b.py": imports + body,
        "tests/test_b.py": body,
        "labeling/migrations/0001.py": body,
    }
    assert findings(folder(tmp_path, files), "repeats") == []


def test_templates_that_differ_in_their_texts_are_repeats(tmp_path: Path) -> None:
    tags = ("h1", "h2", "h3", "p", "ul", "li", "dl", "dt", "dd", "em", "b", "i", "a")
    page = "".join(f'<{tag} class="{{0}}">{{0}} {{{{{{{{ {{0}} }}}}}}}}</{tag}>\n' for tag in tags)
    root = folder(tmp_path, {"templates/a.html": page.format("one"), "templates/b.html": page.format("two")})
    assert findings(root, "repeats") == ["templates/b.html:1 = templates/a.html:1"]


def test_the_head_of_a_template_and_the_tags_of_a_table_are_no_repeats(tmp_path: Path) -> None:
    head = '{% extends "base.html" %}\n{% load i18n static %}\n{% block styles %}\n'
    head += "".join(f'<link rel="stylesheet" href="{name}.css">\n' for name in "abcdefgh") + "{% endblock %}\n"
    tags = "".join(f"<{tag}>\n" for tag in ("table", "thead", "tr", "/tr", "/thead", "tbody", "/tbody", "/table"))
    root = folder(tmp_path, {"templates/a.html": head + tags, "templates/b.html": head + tags})
    assert findings(root, "repeats") == []


def test_the_command_fails_on_a_finding_over_the_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder(tmp_path, {"templates/a.html": "<p></p>"})
    assert main(["--root", str(root)]) == 0
    (root / "templates" / "a.html").write_text(161 * "x")
    assert main(["--root", str(root)]) == 1
    assert "1 of at most  0  template lines" in capsys.readouterr().out
