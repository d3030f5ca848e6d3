#!/usr/bin/env python
"""Django's command line: `manage.py --help` lists every command of the project, `manage.py version` says which it is.

Where the environment names no services at all, the embedded ones are used: those of a running `make run`, or else
started for the time of the command. One name set (DATABASE_URL, BROKER_URL, SECRET_KEY) and all must be.
"""

import gc
import os
import sys

from django.core.management import execute_from_command_line

from config.embedded.__main__ import with_services
from config.version import VERSION

# Starting and migrating make objects by the hundred thousand, and most of them stay: at Python's own threshold, a third
# of the time goes into looking for garbage among them.
OBJECTS_BETWEEN_SEARCHES = 50_000

if __name__ == "__main__":
    gc.set_threshold(OBJECTS_BETWEEN_SEARCHES)
    if sys.argv[1:] in (["version"], ["--version"]):  # Django would tell its own, before it looks for commands
        print(f"Chosen {VERSION}")
        sys.exit()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if any(os.environ.get(name) for name in ("DATABASE_URL", "BROKER_URL", "SECRET_KEY")):
        execute_from_command_line(sys.argv)
    else:
        sys.exit(with_services(lambda: execute_from_command_line(sys.argv)))
