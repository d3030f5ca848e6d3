"""SQL written by hand names tables and columns that the models have.

Every statement in the source of the apps and of common is read: constants of modules with their values, and literals
within functions. A column that is renamed in its model fails here, not in the statement's first run.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from labeling.actions.text_indexing import INDEX
from labeling.judging.statements import FIND, TAKE, WRITE_BACK
from labeling.queries.slices import UNITS, UNITS_OF_ONE, Slice, slice_statements
from labeling.queries.verdicts import ROWS, TOKENS
from tests.common.database.sql import names_in, unknown_names
from tests.people import NOON

STATEMENT = re.compile(r"\s*(WITH|SELECT|INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|CREATE TEMPORARY TABLE)\s")
EXECUTES = re.compile(r"\.(execute|raw)\(")
MADE_FROM_MODELS = {"common/database/prepared.py", "common/database/copying.py"}
"""They take their names from `_meta`."""

WHOLE = Slice(NOON, NOON, 1, "v1", "annotator", "helpful")
COMPOSED = {
    "slice_vote": slice_statements(WHOLE, is_adaptive=True)[0],
    "slice_check": slice_statements(WHOLE, is_adaptive=True)[1],
    "slice_vote of the overall choice": slice_statements(Slice(), is_adaptive=True)[0],
    "slice_check of the overall choice": slice_statements(Slice(), is_adaptive=True)[1],
    "index of prompts": INDEX.format(table="labeling_prompt"),
    "index of completions": INDEX.format(table="labeling_completion"),
    "rows with tokens": ROWS.format(tokens=TOKENS),
}
"""Statements that are put together from parts, with every part."""


def schema() -> dict[str, set[str]]:
    """The columns of each table that a model describes."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: {str(field.column) for field in model._meta.concrete_fields} for model in models}


def source_files() -> list[Path]:
    root = Path(settings.BASE_DIR)
    files = (path for room in ("common", "labeling", "training") for path in (root / room).rglob("*.py"))
    return sorted(path.relative_to(root) for path in files if "migrations" not in path.parts)


def statements_of(path: Path) -> Iterator[tuple[str, str]]:
    """Each statement of a file, with a name for it."""
    tree = ast.parse((Path(settings.BASE_DIR) / path).read_text())
    literals = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    if not any(STATEMENT.match(str(node.value)) for node in literals):
        return
    module = importlib.import_module(".".join(path.with_suffix("").parts))
    constants = {name: value for name, value in vars(module).items() if isinstance(value, str)}
    for name, value in constants.items():
        if STATEMENT.match(value) and "{table}" not in value:  # with each of its tables, it is one of COMPOSED
            yield f"{path}: {name}", value
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value):
                yield f"{path}:{node.lineno}", node.value


DECLARES = re.compile(r"\s*CREATE TEMPORARY TABLE (\w+) \(([^()]*)\) ON COMMIT DROP$")
"""A temporary table that is made empty. It names nothing of the models."""
STATEMENTS = {name: sql for path in source_files() for name, sql in statements_of(path)} | COMPOSED


def temporary_tables() -> dict[str, set[str]]:
    """The columns of the temporary tables: all that the statements that create them name."""
    declared = [found for found in map(DECLARES.match, STATEMENTS.values()) if found]
    tables = {found[1]: {column.split()[0] for column in found[2].split(",")} for found in declared}
    for sql in (*COMPOSED.values(), UNITS, UNITS_OF_ONE):
        if created := re.match(r"\s*CREATE TEMPORARY TABLE (\w+)", sql):
            names = names_in(sql)
            tables.setdefault(created[1], set()).update(names.defined, (column for _, column in names.columns))
    return tables


@pytest.mark.parametrize("name", [name for name, sql in STATEMENTS.items() if not DECLARES.match(sql)])
def test_every_statement_names_what_the_models_have(name: str) -> None:
    assert unknown_names(STATEMENTS[name], schema(), temporary_tables()) == set()


def test_every_file_that_runs_sql_has_its_statements_here() -> None:
    running = {str(path) for path in source_files() if EXECUTES.search((Path(settings.BASE_DIR) / path).read_text())}
    read = {name.partition(":")[0] for name in STATEMENTS}
    read |= {"labeling/judging/queue.py", "labeling/judging/effects.py"}  # theirs stand in statements.py
    read.add("labeling/actions/text_indexing.py")  # its statement is composed
    assert running - read - MADE_FROM_MODELS == set()
    assert len(STATEMENTS) >= 40


@pytest.mark.parametrize("statement", [FIND, TAKE, WRITE_BACK])
def test_a_statement_that_names_what_is_not_there_fails(statement: str) -> None:
    assert unknown_names(f"{statement} AND places < 1", schema(), {}) == {"places"}
    assert unknown_names(statement.replace("labeling_comparison", "labeling_pair"), schema(), {}) >= {"labeling_pair"}


@pytest.mark.parametrize("name", [name for name, sql in STATEMENTS.items() if not DECLARES.match(sql)])
def test_a_column_that_is_renamed_in_its_model_fails_every_statement_that_names_it(name: str) -> None:
    statement, models = STATEMENTS[name], schema()
    names = names_in(statement)
    for alias, column in names.columns:
        table = names.aliases.get(alias, alias) or ""
        if not alias and len(names.tables) == 1:
            (table,) = names.tables
        if column in models.get(table, ()):
            renamed = models | {table: models[table] - {column} | {f"{column}_now"}}
            assert unknown_names(statement, renamed, temporary_tables()), f"{table}.{column}"


def test_a_column_of_another_table_is_no_column_of_the_alias() -> None:
    sql = "SELECT c.id FROM labeling_comparison c JOIN labeling_judgment j ON j.comparison_id = c.id WHERE c.edit = ''"
    assert unknown_names(sql, schema(), {}) == {"c.edit"}
