"""Addresses that are secrets (of invitations, of password resets, back from a provider) never stand in a log."""

import logging
import os
import re
from typing import Any

from gunicorn.glogging import Logger

SECRET = re.compile(r"(/(?:invitations|confirm|password/[A-Za-z0-9_-]+)/)(?!revoke/)(?!\d+/)[^/\s?\"]{16,}")

CODE = re.compile(r"(/login/with/[^/\s]+/callback/\?)[^\s\"]+")
"""A provider's code, with which somebody is signed in once."""


def masked(text: str) -> str:
    """The text with an ellipsis in place of the secret part of each such address."""
    return CODE.sub(r"\1…", SECRET.sub(r"\1…", text))


class AccessLogger(Logger):
    """gunicorn's logger."""

    def setup(self, cfg: Any) -> None:
        """Its log of errors names the path of a request too."""
        super().setup(cfg)
        self.error_log.addFilter(SecretPaths())

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """In JSON, `config.request_log` writes the line: it knows who asked."""
        if os.environ.get("LOG_FORMAT") != "json":
            super().access(resp, req, environ, request_time)

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> dict[str, Any]:
        """The values of a line in the access log."""
        values = super().atoms(resp, req, environ, request_time)
        return {name: masked(value) if isinstance(value, str) else value for name, value in values.items()}


class SecretPaths(logging.Filter):
    """Masks such addresses in the messages of our own loggers, which name the path of a refused request."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (safe := masked(message)) != message:
            record.msg, record.args = safe, ()
        return True
