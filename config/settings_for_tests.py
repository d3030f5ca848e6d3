"""Settings of the test run: production's, with what a test cannot have (HTTPS, hashed files, slow passwords) off.

Without DATABASE_URL the tests of the pure rooms run as they are, and the first test that wants a database starts the
embedded services (tests/conftest.py).
"""

import os
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("DATABASE_URL", "postgresql://chosen@127.0.0.1:1/chosen")
os.environ.setdefault("BROKER_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("CHOSEN_VAR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
# Playwright's own event loop runs in the test's thread; Django would take the test's queries for asynchronous ones.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

from config.settings import *  # noqa: F403 - the environment must be filled first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
