"""No migration holds up people who judge, or breaks the old version while it still runs."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.migrations import Migration
from django.db.migrations import operations as ops
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests.releases.dangers import dangers

NOT_RELEASED = "Made before 0.1.0 was released: no version runs beside it."

ALLOWED: dict[str, tuple[int, str]] = {
    "labeling.0004_import_batches": (1, NOT_RELEASED),
    "labeling.0006_guidelines_first_practice_and_qualification": (4, f"{NOT_RELEASED} It concerns new campaigns only."),
    "labeling.0015_outside_annotators": (1, "The statement replaces a trigger's function; it moves no data."),
    "training.0003_workers_and_held_back_jobs": (4, NOT_RELEASED),
    "training.0006_draft_files_are_uploads": (5, f"{NOT_RELEASED} Drafts are small, and last for a week."),
    "training.0009_gates_are_rows": (1, NOT_RELEASED),
    "training.0010_earlier_decisions_of_gates": (2, f"{NOT_RELEASED} 0009 copied both columns."),
    "training.0014_people_gate_decisions_and_pair_judges": (2, NOT_RELEASED),
}
"""Migrations with dangerous operations: how many, and why they may have them."""


def test_every_dangerous_operation_is_known_and_has_its_reason() -> None:
    loader, found = MigrationLoader(None), dict[str, list[str]]()
    for app, name in sorted(loader.disk_migrations):
        if app in ("labeling", "training") and not name.startswith("0001_"):
            before = loader.project_state((app, name), at_end=False)
            if lines := list(dangers(loader.disk_migrations[app, name], before)):
                found[f"{app}.{name}"] = lines
    unknown = {name: lines for name, lines in found.items() if ALLOWED.get(name, (0, ""))[0] != len(lines)}
    assert unknown == {}, "docs/operations/upgrade.md says how to split such a migration"
    assert ALLOWED.keys() == found.keys()


TEXT = models.TextField(default="", db_default="")
INDEX = models.Index(fields=["words"], name="words")
CHECK = models.CheckConstraint(condition=models.Q(words="x"), name="words")


@pytest.mark.parametrize(
    ("operation", "danger"),
    [
        (ops.RenameField("judgment", "words", "texts"), "renamed"),
        (ops.RenameModel("judgment", "opinion"), "renamed"),
        (ops.DeleteModel("note"), "removed"),
        (ops.RemoveField("note", "words"), "removed"),
        (ops.AddField("note", "more", models.TextField(default="")), "inserts fail"),
        (ops.AlterField("note", "maybe", models.TextField()), "no longer be empty"),
        (ops.AlterField("judgment", "words", models.IntegerField()), "another type"),
        (ops.AddIndex("judgment", INDEX), "CONCURRENTLY"),
        (ops.AddConstraint("judgment", CHECK), "constraint"),
        (ops.AddField("note", "more", TEXT), ""),
        (ops.AddField("judgment", "more", models.TextField(null=True)), ""),
        (ops.AddField("judgment", "more", TEXT), ""),
        (ops.AlterField("judgment", "words", models.TextField(help_text="Words.")), ""),
        (ops.AddIndex("note", INDEX), ""),
        (AddIndexConcurrently("judgment", INDEX), ""),
        (ops.RunPython(ops.RunPython.noop), ""),
    ],
)
def test_what_holds_up_people_is_found(operation: ops.base.Operation, danger: str) -> None:
    assert one_danger(operation) == bool(danger)
    assert danger in "".join(lines(operation))


def test_data_that_move_in_the_transaction_that_changes_a_large_table_are_found() -> None:
    operations = [ops.AddField("judgment", "more", TEXT), ops.RunPython(ops.RunPython.noop)]
    assert lines(*operations) == ["data are moved while labeling.judgment is locked"]
    assert lines(*operations, atomic=False) == []


def test_a_table_that_the_migration_makes_may_have_anything() -> None:
    made = ops.CreateModel("verdict", [("id", models.BigAutoField(primary_key=True)), ("words", models.TextField())])
    assert lines(made, ops.AddIndex("verdict", INDEX), ops.AddConstraint("verdict", CHECK)) == []


def one_danger(operation: ops.base.Operation) -> bool:
    return len(lines(operation)) == 1


def lines(*operations: ops.base.Operation, atomic: bool = True) -> list[str]:
    """The dangers of a migration of a large table, and of a small one."""
    state = ProjectState()
    for name in ("judgment", "note"):
        fields: list[tuple[str, models.Field[Any, Any]]] = [
            ("id", models.BigAutoField(primary_key=True)),
            ("words", TEXT),
            ("maybe", models.TextField(null=True)),
        ]
        state.add_model(ModelState("labeling", name, fields))
    kind = type("Changes", (Migration,), {"operations": list(operations), "atomic": atomic})
    return list(dangers(kind("0002_test", "labeling"), state))
