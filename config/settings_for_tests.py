"""Settings of the test run: those of production, without HTTPS, hashed file names and slow password hashes.

Without DATABASE_URL, tests that need no database just run, and the first one that does starts the embedded services
(tests/conftest.py).
"""

import os
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("DATABASE_URL", "postgresql://chosen@127.0.0.1:1/chosen")
os.environ.setdefault("BROKER_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("CHOSEN_VAR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
# Playwright's event loop runs in the test's thread, so Django would take the test's queries for asynchronous ones.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

from config.settings import *  # noqa: F403 - the environment must be set first

STARTED_AT = datetime(2000, 1, 1, tzinfo=UTC)  # long ago: no test depends on how long the test run has been going
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
