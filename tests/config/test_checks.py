"""Each misconfiguration has its id and a hint."""

import sys
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django.fixtures import Settings

from config import checks
from tests.labeling.saml_provider import OURS


def ids(messages: list[CheckMessage]) -> list[str]:
    assert all(message.hint for message in messages)
    return [str(message.id) for message in messages]


@pytest.mark.parametrize(
    ("debug", "hosts", "expected"),
    [
        (True, ["chosen.example"], ["chosen.E001"]),
        (True, ["*"], ["chosen.E001"]),
        (True, ["localhost", "127.0.0.1", "[::1]"], []),
        (False, ["chosen.example"], []),
    ],
)
def test_debug_is_refused_where_others_can_reach_it(
    settings: Settings, debug: bool, hosts: list[str], expected: list[str]
) -> None:
    settings.DEBUG, settings.ALLOWED_HOSTS = debug, hosts
    assert ids(checks.debug_stays_at_home(None)) == expected


@pytest.mark.parametrize(
    ("key", "hosts", "expected"),
    [
        ("k" * 31, ["chosen.example"], ["chosen.E016"]),
        ("k" * 31, ["*", "localhost"], ["chosen.E016"]),
        ("k" * 31, ["localhost", "127.0.0.1"], []),
        ("k" * 32, ["chosen.example"], []),
    ],
)
def test_a_short_secret_key_is_refused_where_others_can_reach_it(
    settings: Settings, key: str, hosts: list[str], expected: list[str]
) -> None:
    settings.SECRET_KEY, settings.ALLOWED_HOSTS = key, hosts
    assert ids(checks.secret_key_cannot_be_guessed(None)) == expected


def test_a_data_directory_that_is_a_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "new" / "var"
    assert ids(checks.var_is_writable(None)) == []
    (tmp_path / "file").write_text("not a directory")
    settings.VAR_DIR = tmp_path / "file" / "var"
    assert ids(checks.var_is_writable(None)) == ["chosen.E002"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", []),
        ("http://127.0.0.1:8001/v1", []),
        ("https://vllm.example/v1", []),
        ("127.0.0.1:8001", ["chosen.E003"]),
        ("localhost", ["chosen.E003"]),
        ("http://", ["chosen.E003"]),
        ("http://one:8001/v1,http://two:8001/v1", []),
        ("http://one:8001/v1,two:8001", ["chosen.E003"]),
        ("http://one:8001/v1,https://me:secret@two/v1", ["chosen.E008"]),
    ],
)
def test_a_generator_that_is_no_address_is_refused(settings: Settings, url: str, expected: list[str]) -> None:
    settings.GENERATOR_URLS = [one for one in url.split(",") if one]
    assert ids(checks.generator_url_is_an_address(None)) == expected


@pytest.mark.parametrize(
    ("handover", "command", "expected"),
    [
        ("", "", []),
        ("sleep", "", []),
        ("stop", "systemctl stop", []),
        ("stop", "", ["chosen.E007"]),
        ("nap", "", ["chosen.E006"]),
    ],
)
def test_a_handover_that_nobody_can_do_is_refused(
    settings: Settings, handover: str, command: str, expected: list[str]
) -> None:
    settings.GENERATOR_URLS, settings.GENERATOR_HANDOVER = [], handover
    settings.GENERATOR_STOP_COMMAND = settings.GENERATOR_START_COMMAND = command
    assert ids(checks.generator_url_is_an_address(None)) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://broker:6379/0", ["chosen.W005"]),
        ("redis://:secret@broker:6379/0", []),
        ("redis://127.0.0.1:6379/0", []),
        ("amqp://user:secret@broker//", []),
    ],
)
def test_a_broker_without_a_password_is_pointed_out(settings: Settings, url: str, expected: list[str]) -> None:
    settings.BROKER_URL = url
    assert ids(checks.broker_asks_for_a_password(None)) == expected


@pytest.mark.django_db
def test_the_database_server_is_asked_for_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ids(checks.postgresql_is_new_enough(None, databases=["default"])) == []
    monkeypatch.setattr(checks, "OLDEST_POSTGRESQL", 990_000)
    assert ids(checks.postgresql_is_new_enough(None, databases=["default"])) == ["chosen.E004"]
    assert ids(checks.postgresql_is_new_enough(None)) == []


@pytest.mark.django_db
def test_tables_of_another_version_are_refused() -> None:
    assert ids(checks.tables_are_of_this_code(None, databases=["default"])) == []
    assert ids(checks.tables_are_of_this_code(None)) == []
    MigrationRecorder(connection).record_applied("labeling", "0013_edits")
    (message,) = checks.tables_are_of_this_code(None, databases=["default"])
    assert (message.id, "labeling.0013_edits" in message.msg) == ("chosen.E009", True)


@pytest.mark.parametrize(
    ("https", "behind_proxy", "hosts", "trusted", "expected"),
    [
        (True, True, ["chosen.example"], [], []),
        (True, False, ["chosen.example"], [], ["chosen.W010"]),
        (False, False, ["chosen.example"], [], ["chosen.W011"]),
        (False, False, ["chosen.example"], ["https://chosen.example:8443"], []),
        (False, False, ["localhost", "127.0.0.1"], [], []),
    ],
)
def test_a_proxy_that_would_have_every_form_refused_is_named(
    settings: Settings, https: bool, behind_proxy: bool, hosts: list[str], trusted: list[str], expected: list[str]
) -> None:
    settings.HTTPS, settings.BEHIND_PROXY, settings.ALLOWED_HOSTS = https, behind_proxy, hosts
    settings.CSRF_TRUSTED_ORIGINS = trusted
    assert ids(checks.forms_are_accepted_behind_a_proxy(None)) == expected


@pytest.mark.parametrize(
    ("url", "options", "expected"),
    [
        ("", "{}", []),
        ("file:///mnt/chosen", "{}", []),
        ("s3://bucket/prefix", '{"endpoint_url": "https://minio.example:9000"}', []),
        ("no-such-protocol://x", "{}", ["chosen.E012"]),
        ("file:///mnt/chosen", "endpoint_url=x", ["chosen.E012"]),
        ("file:///mnt/chosen", "[]", ["chosen.E012"]),
    ],
)
def test_a_storage_that_no_backend_takes_is_refused(
    settings: Settings, url: str, options: str, expected: list[str]
) -> None:
    settings.STORAGE_URL, settings.STORAGE_OPTIONS = url, options
    assert ids(checks.storage_can_be_opened(None)) == expected


@pytest.mark.parametrize(
    ("issuer", "client", "secret", "expected"),
    [
        ("", "", "", []),
        ("https://login.example", "chosen", "s", []),
        ("http://127.0.0.1:8080/realms/firm", "chosen", "s", []),
        ("http://login.example", "chosen", "s", ["chosen.E013"]),
        ("login.example", "chosen", "s", ["chosen.E013"]),
        ("https://login.example", "chosen", "", ["chosen.E014"]),
        ("https://login.example", "", "s", ["chosen.E014"]),
    ],
)
def test_half_a_provider_is_refused(
    settings: Settings, issuer: str, client: str, secret: str, expected: list[str]
) -> None:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = issuer, client, secret
    assert ids(checks.provider_is_set_up(None)) == expected


PEM = OURS.certificate
BASE64 = "".join(PEM.splitlines()[1:-1])
CERTIFICATES = {"a PEM": PEM, "two": f"{BASE64}, {BASE64}", "one and none": f"{BASE64},none"}
"""New in each process, so the tests go by the names: all workers must find the same tests."""


@pytest.mark.parametrize(
    ("entity_id", "sso_url", "certificate", "expected"),
    [
        ("", "", "", []),
        ("urn:firm", "https://login.example/sso", "a PEM", []),
        ("urn:firm", "http://127.0.0.1:8080/sso", "two", []),
        ("urn:firm", "", "a PEM", ["chosen.E017"]),
        ("", "", "a PEM", ["chosen.E017"]),
        ("urn:firm", "http://login.example/sso", "a PEM", ["chosen.E018"]),
        ("urn:firm", "https://login.example/sso", "c2VjcmV0", ["chosen.E019"]),
        ("urn:firm", "https://login.example/sso", "one and none", ["chosen.E019"]),
        ("urn:firm", "https://login.example/sso", "-----BEGIN CERTIFICATE-----", ["chosen.E019"]),
    ],
)
def test_half_a_provider_of_saml_is_refused(
    settings: Settings, entity_id: str, sso_url: str, certificate: str, expected: list[str]
) -> None:
    settings.SAML_ENTITY_ID, settings.SAML_SSO_URL = entity_id, sso_url
    settings.SAML_CERTIFICATE = CERTIFICATES.get(certificate, certificate)
    assert ids(checks.saml_provider_is_set_up(None)) == expected


def test_a_provider_of_saml_without_its_packages_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])  # as where they are not installed
    monkeypatch.delitem(sys.modules, "onelogin", raising=False)
    assert ids(checks.saml_provider_is_set_up(None)) == []
    settings.SAML_ENTITY_ID, settings.SAML_SSO_URL, settings.SAML_CERTIFICATE = (
        "urn:firm",
        "https://login.example/",
        PEM,
    )
    assert ids(checks.saml_provider_is_set_up(None)) == ["chosen.E020"]


@pytest.mark.parametrize(
    ("issuer", "entity_id", "passwords", "expected"),
    [
        ("", "", True, []),
        ("", "", False, ["chosen.E015"]),
        ("https://login.example", "", False, []),
        ("", "urn:firm", False, []),
    ],
)
def test_an_installation_that_nobody_could_sign_in_to_is_refused(
    settings: Settings, issuer: str, entity_id: str, passwords: bool, expected: list[str]
) -> None:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = issuer, "chosen", "s"
    settings.SAML_ENTITY_ID, settings.PASSWORD_SIGN_IN = entity_id, passwords
    assert ids(checks.provider_is_set_up(None)) == expected
