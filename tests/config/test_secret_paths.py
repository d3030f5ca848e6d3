"""Addresses that are secrets are in no log."""

import logging

import pytest
from gunicorn.config import Config

from config.secret_paths import AccessLogger, SecretPaths, masked

TOKEN = "EWsoPP-3xq_long:enough.to-be-a-token"


@pytest.mark.parametrize("before", ["/invitations/", "/you/address/confirm/", "/password/MTI/"])
def test_the_secret_part_is_masked(before: str) -> None:
    assert masked(f'"POST {before}{TOKEN}/ HTTP/1.1" 302') == f'"POST {before}\u2026/ HTTP/1.1" 302'


def test_escaped_letters_end_no_secret() -> None:
    assert masked(f"/invitations/%45{TOKEN}%2Fand-more/?next=1") == "/invitations/\u2026/?next=1"


def test_the_code_of_a_provider_is_masked() -> None:
    line = '"GET /login/with/oidc/callback/?code=abc&state=def HTTP/1.1" 302'
    assert masked(line) == '"GET /login/with/oidc/callback/?\u2026 HTTP/1.1" 302'


def test_gunicorns_log_of_errors_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    logger = AccessLogger(Config())
    try:
        logger.error_log.addHandler(caplog.handler)
        logger.error("Error handling request %s", f"/invitations/{TOKEN}/")
        assert "Error handling request /invitations/\u2026/" in caplog.text
        assert TOKEN not in caplog.text
    finally:
        logger.error_log.handlers.clear()
        logger.error_log.filters.clear()


@pytest.mark.parametrize("path", ["/campaigns/sums/invitations/", "/campaigns/x/invitations/revoke/"])
def test_other_addresses_stay(path: str) -> None:
    assert masked(path) == path


def test_messages_of_the_framework_are_masked_too() -> None:
    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 0, "%s: %s", ("Gone", f"/invitations/{TOKEN}/"), None
    )
    assert SecretPaths().filter(record)
    assert record.getMessage() == "Gone: /invitations/\u2026/"
