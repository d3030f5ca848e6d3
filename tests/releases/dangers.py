"""The operations of a migration that hold up people who judge, or that break the old version while it still runs.

An upgrade migrates first and restarts the servers then, so for some minutes the old code works with the new tables.
"""

from collections.abc import Iterator

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import Migration
from django.db.migrations import operations as ops
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Field, ManyToManyField

LARGE = frozenset(
    "labeling." + name
    for name in ("prompt", "completion", "comparison", "assignment", "judgment", "verdict", "event", "webhookdelivery")
)
"""Tables with a row for each text or act: whatever reads one whole under a lock takes minutes."""

RENAMES = (ops.RenameField, ops.RenameModel, ops.AlterModelTable)

DATA = (ops.RunPython, ops.RunSQL)


def dangers(migration: Migration, state: ProjectState) -> Iterator[str]:
    """A line for each dangerous operation of a migration. state: of the models before it.

    A table that the migration itself creates is empty, and no old code knows it.
    """
    app, state, made, locked = migration.app_label, state.clone(), set[str](), set[str]()
    for operation in migration.operations:
        table = f"{app}.{getattr(operation, 'model_name', None) or getattr(operation, 'name', '')}".lower()
        if isinstance(operation, ops.CreateModel):
            made.add(table)
        elif table not in made:
            yield from _of(operation, table, app, state)
            if table in LARGE and migration.atomic and isinstance(operation, ops.AddField | ops.AlterField):
                locked.add(table)
        if isinstance(operation, DATA) and locked:
            yield f"data are moved while {', '.join(sorted(locked))} is locked"
        operation.state_forwards(app, state)


def _of(operation: ops.base.Operation, table: str, app: str, state: ProjectState) -> Iterator[str]:
    if isinstance(operation, RENAMES):
        yield f"{table} is renamed, or a column of it, which the old version still reads"
    elif isinstance(operation, ops.DeleteModel):
        yield f"{table} is removed, which the old version still reads"
    elif isinstance(operation, ops.RemoveField):
        yield f"{table}.{operation.name} is removed, which the old version still reads"
    elif isinstance(operation, ops.AddField) and _breaks_inserts(operation.field):
        yield f"{table}.{operation.name} has no default in the database: the old version's inserts fail"
    elif isinstance(operation, ops.AlterField):
        before = state.models[app, operation.model_name_lower].get_field(operation.name)
        if before.null and not operation.field.null:
            yield f"{table}.{operation.name} may no longer be empty: the table is read under a lock"
        elif table in LARGE and before.get_internal_type() != operation.field.get_internal_type():
            yield f"{table}.{operation.name} gets another type: the table is written anew under a lock"
    elif table in LARGE and isinstance(operation, ops.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        yield f"{table} gets an index without CONCURRENTLY: nobody can write meanwhile"
    elif table in LARGE and isinstance(operation, ops.AddConstraint):
        yield f"{table} gets a constraint, for which it is read under a lock"


def _breaks_inserts(field: "Field[object, object]") -> bool:
    if isinstance(field, ManyToManyField) or field.null or field.primary_key:
        return False
    return field.db_default is NOT_PROVIDED
