"""The test databases of a run's workers: the first worker migrates its own, the others take copies of that one."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

import psycopg
from django.conf import settings
from django.db import connection, connections
from django.db.models import Model
from psycopg import sql

Server = psycopg.Connection[tuple[object, ...]]


@contextmanager
def migrated_once(run: str) -> Iterator[None]:
    """Around the migration of this worker's database. Once another worker of the run has migrated one, a copy of it is
    there already, with nothing left to migrate. The first worker leaves a copy for the others, who wait for it."""
    own, template = settings.DATABASES["default"]["TEST"]["NAME"], f"test_migrated_{run}"
    with own_server() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [crc32(run.encode())])
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(own)))  # of an earlier run
        if server.execute("SELECT FROM pg_database WHERE datname = %s", [template]).rowcount:
            _copy(server, template, own)
            yield
        else:
            yield
            connections.close_all()  # who is connected to it hinders the copy
            _copy(server, own, template)


def end_what_is_open() -> None:
    """After a test that was broken off: its transactions, and those of its server's threads, would hold their locks for
    the rest of the run, and every test that follows would wait for them until its own time is up."""
    if not connections.all(initialized_only=True):
        return
    with own_server() as server:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        server.execute(ended, [settings.DATABASES["default"]["NAME"]])
    for one in connections.all(initialized_only=True):
        del connections[one.alias]  # the next one knows of no transaction


def emptied(*models: type[Model]) -> None:
    """Takes the rows that earlier tests rolled back out of these tables' files, until this test is rolled back too.
    The planner counts pages: with those of dead rows, it plans another way than in a table that holds the same rows."""
    names = sql.SQL(", ").join(sql.Identifier(model._meta.db_table) for model in models)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


def own_server() -> Server:
    """The server's own database. Leaving it gives the lock back."""
    place = settings.DATABASES["default"]
    return psycopg.connect(
        host=place["HOST"],
        port=place["PORT"],
        user=place["USER"],
        password=place["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    )


def _copy(server: Server, source: str, target: str) -> None:
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(target), sql.Identifier(source)))
