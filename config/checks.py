"""Misconfiguration that settings alone cannot refuse, as Django system checks: each with an id and what to do about it.

`manage.py check` and every start run them; `manage.py check --deploy` also those of production, `--database default`
(and `migrate`) also that of the database server. Ids are stable: silence one with SILENCED_SYSTEM_CHECKS.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
OLDEST_POSTGRESQL = 150_000
OUR_APPS = frozenset({"labeling", "training"})

Apps = Sequence[AppConfig] | None


@register(Tags.security)
def debug_stays_at_home(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Debug pages show settings and data to whoever makes an error happen."""
    strangers = sorted(set(settings.ALLOWED_HOSTS) - LOOPBACK)
    if not settings.DEBUG or not strangers:
        return []
    return [
        Error(
            f"DEBUG is on while others may reach this server as {', '.join(strangers)}.",
            hint="Unset DEBUG, or limit ALLOWED_HOSTS to localhost.",
            id="chosen.E001",
        )
    ]


@register()
def var_is_writable(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Models, snapshots, runs and versions are files there."""
    directory = Path(settings.VAR_DIR)
    nearest = next(path for path in (directory, *directory.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"The data directory {directory} cannot be written to.",
            hint="Give it to the account this runs under, or name another with CHOSEN_VAR.",
            id="chosen.E002",
        )
    ]


@register()
def generator_url_is_an_address(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """A typing error there would only show when the first prompt fails."""
    found: list[CheckMessage] = []
    for url in settings.GENERATOR_URLS:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            found.append(
                Error(
                    f"GENERATOR_URL is not an address of a server: {url!r}.",
                    hint="It looks like http://127.0.0.1:8001/v1, several with commas between them; leave it empty for "
                    "the embedded sampler.",
                    id="chosen.E003",
                )
            )
        elif parts.username or parts.password:
            found.append(
                Error(
                    f"GENERATOR_URL holds a user name or a password for {parts.hostname}.",
                    hint="A server's address is kept with every completion and exported with it. Put what the server "
                    "wants to know into GENERATOR_API_KEY.",
                    id="chosen.E008",
                )
            )
    if settings.GENERATOR_HANDOVER not in ("", "sleep", "stop"):
        found.append(
            Error(
                f"GENERATOR_HANDOVER is {settings.GENERATOR_HANDOVER!r}.",
                hint="It is sleep, stop, or empty where generation and training share no machine.",
                id="chosen.E006",
            )
        )
    if settings.GENERATOR_HANDOVER == "stop" and not (
        settings.GENERATOR_STOP_COMMAND and settings.GENERATOR_START_COMMAND
    ):
        found.append(
            Error(
                "GENERATOR_HANDOVER is stop, but nothing says how the server is stopped and started.",
                hint="Set GENERATOR_STOP_COMMAND and GENERATOR_START_COMMAND.",
                id="chosen.E007",
            )
        )
    return found


@register(Tags.database)
def postgresql_is_new_enough(
    app_configs: Apps, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The constraints and indexes use what PostgreSQL 15 brought."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        connection.ensure_connection()
        version = connection.connection.info.server_version
        if version < OLDEST_POSTGRESQL:
            found.append(
                Error(
                    f"The database server is PostgreSQL {version // 10_000}; 15 is the oldest that will do.",
                    hint="Point DATABASE_URL at a newer one.",
                    id="chosen.E004",
                )
            )
    return found


@register(Tags.database)
def tables_are_of_this_code(
    app_configs: Apps, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A migration that this code lacks: the tables are of another version, and migrating would not mend them."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        loader = MigrationLoader(connections[alias])
        known = {key for name, one in loader.disk_migrations.items() for key in (name, *one.replaces)}
        unknown = sorted(set(loader.applied_migrations) - known)
        ours = [f"{app}.{name}" for app, name in unknown if app in OUR_APPS]
        if ours:
            found.append(
                Error(
                    f"The database was made by another version of Chosen: {ours[-1]} is not among these migrations.",
                    hint="Run the version that made it, or start with an empty database: with `make run`, move var/ "
                    "aside. Databases from before 0.1.0 cannot be upgraded; export their campaigns with the old code.",
                    id="chosen.E009",
                )
            )
    return found


@register(Tags.security, deploy=True)
def broker_asks_for_a_password(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Whoever can write to the broker can start jobs."""
    parts = urlsplit(settings.BROKER_URL)
    if parts.password or (parts.hostname or "") in LOOPBACK:
        return []
    return [
        Warning(
            f"The broker on {parts.hostname} is used without a password.",
            hint="Give it one and put it into BROKER_URL: redis://:PASSWORD@HOST:6379/0",
            id="chosen.W005",
        )
    ]
