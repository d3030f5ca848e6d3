"""Checks of the configuration, as Django system checks with an id and a hint.

`manage.py check` and every start run them. `manage.py check --deploy` adds the checks of a production environment,
`--database default` (and `migrate`) those of the database. Ids are stable: silence one with SILENCED_SYSTEM_CHECKS.
"""

import base64
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.x509 import load_der_x509_certificate
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from common.storage import artifacts
from common.storage.errors import StorageAway
from config.sign_in import certificates_in

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
OLDEST_POSTGRESQL = 150_000
SHORTEST_KEY = 32
OUR_APPS = frozenset({"labeling", "training"})

Apps = Sequence[AppConfig] | None

NOBODY_SIGNS_IN = Error(
    "PASSWORD_SIGN_IN is off and no provider is set: nobody could sign in.",
    hint="Set OIDC_ISSUER and the client, or the provider of SAML, or remove PASSWORD_SIGN_IN.",
    id="chosen.E015",
)


@register(Tags.security)
def debug_stays_at_home(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Debug pages show settings and data to anybody who causes an error."""
    public_hosts = sorted(set(settings.ALLOWED_HOSTS) - LOOPBACK)
    if not settings.DEBUG or not public_hosts:
        return []
    return [
        Error(
            f"DEBUG is on, and others may reach this server as {', '.join(public_hosts)}.",
            hint="Unset DEBUG, or limit ALLOWED_HOSTS to localhost.",
            id="chosen.E001",
        )
    ]


@register(Tags.security)
def secret_key_cannot_be_guessed(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Guesses can be tried against anything that is signed with it, and whoever finds it signs in as anybody."""
    if len(settings.SECRET_KEY) >= SHORTEST_KEY or not set(settings.ALLOWED_HOSTS) - LOOPBACK:
        return []
    return [
        Error(
            f"SECRET_KEY has fewer than {SHORTEST_KEY} characters, and others may reach this server.",
            hint="Make one with `openssl rand -hex 32`, and name the old one in SECRET_KEY_FALLBACKS for a while.",
            id="chosen.E016",
        )
    ]


@register()
def var_is_writable(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Models, snapshots, runs and versions are files in this directory."""
    directory = Path(settings.VAR_DIR)
    nearest = next(path for path in (directory, *directory.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"The data directory {directory} is not writable.",
            hint="Make it writable for this account, or set CHOSEN_VAR to another directory.",
            id="chosen.E002",
        )
    ]


@register()
def generator_url_is_an_address(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Otherwise a typo would only show when the first prompt fails."""
    errors: list[CheckMessage] = []
    for url in settings.GENERATOR_URLS:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            errors.append(
                Error(
                    f"GENERATOR_URL is not the address of a server: {url!r}.",
                    hint="Set it to an address such as http://127.0.0.1:8001/v1, or to several separated by commas. "
                    "Leave it empty for the embedded sampler.",
                    id="chosen.E003",
                )
            )
        elif parts.username or parts.password:
            errors.append(
                Error(
                    f"GENERATOR_URL contains a user name or a password for {parts.hostname}.",
                    hint="A server's address is stored and exported with every completion. Put the credentials into "
                    "GENERATOR_API_KEY.",
                    id="chosen.E008",
                )
            )
    if settings.GENERATOR_HANDOVER not in ("", "sleep", "stop"):
        errors.append(
            Error(
                f"GENERATOR_HANDOVER is {settings.GENERATOR_HANDOVER!r}.",
                hint="Set it to sleep or stop, or leave it empty if generation and training run on different machines.",
                id="chosen.E006",
            )
        )
    if settings.GENERATOR_HANDOVER == "stop" and not (
        settings.GENERATOR_STOP_COMMAND and settings.GENERATOR_START_COMMAND
    ):
        errors.append(
            Error(
                "GENERATOR_HANDOVER is stop, but the commands that stop and start the server are missing.",
                hint="Set GENERATOR_STOP_COMMAND and GENERATOR_START_COMMAND.",
                id="chosen.E007",
            )
        )
    return errors


@register(Tags.security)
def provider_is_set_up(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Half a set-up would only show when the first person signs in."""
    if not settings.OIDC_ISSUER:
        return [] if settings.PASSWORD_SIGN_IN or settings.SAML_ENTITY_ID else [NOBODY_SIGNS_IN]
    errors: list[CheckMessage] = []
    if not _is_secure(settings.OIDC_ISSUER):
        errors.append(
            Error(
                f"OIDC_ISSUER is not an https address: {settings.OIDC_ISSUER!r}.",
                hint="Set it to the provider's address, such as https://login.example/realms/firm.",
                id="chosen.E013",
            )
        )
    if not (settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET):
        errors.append(
            Error(
                "OIDC_ISSUER is set, but not the client that the provider knows.",
                hint="Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, as the provider gave them to you.",
                id="chosen.E014",
            )
        )
    return errors


@register(Tags.security)
def saml_provider_is_set_up(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """The same for the provider of SAML."""
    names = ("SAML_ENTITY_ID", "SAML_SSO_URL", "SAML_CERTIFICATE")
    missing = [name for name in names if not getattr(settings, name)]
    if len(missing) == len(names):
        return []
    errors: list[CheckMessage] = []
    if missing:
        errors.append(
            Error(
                f"The provider of SAML is set up by half: {', '.join(missing)} is missing.",
                hint="Set SAML_ENTITY_ID, SAML_SSO_URL and SAML_CERTIFICATE. The provider's metadata has all three.",
                id="chosen.E017",
            )
        )
    if settings.SAML_SSO_URL and not _is_secure(settings.SAML_SSO_URL):
        errors.append(
            Error(
                f"SAML_SSO_URL is not an https address: {settings.SAML_SSO_URL!r}.",
                hint="Set it to the provider's address for sign-ins with the binding HTTP-Redirect.",
                id="chosen.E018",
            )
        )
    if settings.SAML_CERTIFICATE and not _are_certificates(settings.SAML_CERTIFICATE):
        errors.append(
            Error(
                "SAML_CERTIFICATE is no certificate.",
                hint="Set it to the provider's certificate for signatures, in PEM or as the base64 in its metadata. "
                "Several stand after one another, with commas between those in base64.",
                id="chosen.E019",
            )
        )
    if find_spec("onelogin") is None:
        errors.append(
            Error(
                "A provider of SAML is set, but the packages for it are not installed.",
                hint="Install those of requirements/saml.txt: `make install-saml`.",
                id="chosen.E020",
            )
        )
    return errors


def _is_secure(address: str) -> bool:
    """Whether it is an https address; on this machine plain HTTP is fine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _are_certificates(text: str) -> bool:
    bodies = certificates_in(text)
    try:
        for body in bodies:
            load_der_x509_certificate(base64.b64decode(body, validate=True))
    except ValueError:
        return False
    return bool(bodies)


@register(Tags.database)
def postgresql_is_new_enough(
    app_configs: Apps, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Constraints and indexes use features that PostgreSQL 15 added."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        connection.ensure_connection()
        version = connection.connection.info.server_version
        if version < OLDEST_POSTGRESQL:
            errors.append(
                Error(
                    f"The database server is PostgreSQL {version // 10_000}, but 15 or newer is required.",
                    hint="Set DATABASE_URL to a newer server.",
                    id="chosen.E004",
                )
            )
    return errors


@register(Tags.database)
def tables_are_of_this_code(
    app_configs: Apps, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A migration that this code lacks means tables of another version, which migrating would not repair."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        loader = MigrationLoader(connections[alias])
        on_disk = {key for name, one in loader.disk_migrations.items() for key in (name, *one.replaces)}
        missing = sorted(set(loader.applied_migrations) - on_disk)
        ours = [f"{app}.{name}" for app, name in missing if app in OUR_APPS]
        if ours:
            errors.append(
                Error(
                    f"Another version of Chosen created this database: this version has no migration {ours[-1]}.",
                    hint="Run the version that created it, or start with an empty database (with `make run`, move var/ "
                    "away). Databases from before 0.1.0 cannot be upgraded: export their campaigns with the old code.",
                    id="chosen.E009",
                )
            )
    return errors


@register(Tags.security, deploy=True)
def forms_are_accepted_behind_a_proxy(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Browsers say with each form which address its page has; Django refuses it where the server knows another one."""
    public_hosts = sorted(set(settings.ALLOWED_HOSTS) - LOOPBACK)
    if settings.HTTPS and not settings.BEHIND_PROXY:
        return [
            Warning(
                "HTTPS is on and BEHIND_PROXY is off. This server speaks plain HTTP, so requests of a proxy that "
                "terminates TLS look insecure: they are redirected forever.",
                hint="Set BEHIND_PROXY=true if your proxy sets X-Forwarded-Proto and X-Forwarded-For itself.",
                id="chosen.W010",
            )
        ]
    if not settings.HTTPS and public_hosts and not settings.CSRF_TRUSTED_ORIGINS:
        return [
            Warning(
                f"HTTPS is off, and others may reach this server as {', '.join(public_hosts)}. If a proxy terminates "
                "TLS there, browsers send forms with an https address, and all of them are refused.",
                hint="Behind such a proxy, set HTTPS=true and BEHIND_PROXY=true. If it also changes the host or the "
                "port, list the addresses that people open in CSRF_TRUSTED_ORIGINS, such as https://chosen.example:8443.",
                id="chosen.W011",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def broker_asks_for_a_password(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Anybody who can write to the broker can start jobs."""
    parts = urlsplit(settings.BROKER_URL)
    if parts.password or (parts.hostname or "") in LOOPBACK:
        return []
    return [
        Warning(
            f"The broker on {parts.hostname} is used without a password.",
            hint="Set a password and add it to BROKER_URL: redis://:PASSWORD@HOST:6379/0",
            id="chosen.W005",
        )
    ]


@register()
def storage_can_be_opened(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """An address that no backend takes would be found by the first run that ends. Nothing is sent here."""
    try:
        if artifacts.is_on():
            artifacts.room()
    except (StorageAway, ValueError, TypeError) as error:
        return [
            Error(
                f"STORAGE_URL or STORAGE_OPTIONS cannot be used: {error}",
                hint="Use an address such as s3://bucket/prefix or file:///mnt/chosen, and a JSON object of options. "
                "S3 needs the packages of requirements/s3.txt.",
                id="chosen.E012",
            )
        ]
    return []
