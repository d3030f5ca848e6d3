"""Files that only save work: the gradients that a search keeps, and what a killed worker left of its short runs."""

import shutil
from datetime import datetime, timedelta

from django.conf import settings

GRADIENTS = "gradients"
SHORT_RUNS = "price"

KEPT = {GRADIENTS: timedelta(days=30), SHORT_RUNS: timedelta(days=2)}
"""How long a folder stays after its last change, by its place in var/. No short run takes a day."""


def forget_scratch(*, now: datetime) -> int:
    """Removes old folders of this machine; returns how many. A job that needs one makes it again."""
    removed = 0
    for place, kept in KEPT.items():
        for folder in (settings.VAR_DIR / place).glob("*"):
            try:
                changed = max(path.stat().st_mtime for path in (folder, *folder.glob("*")))
            except FileNotFoundError:  # its owner removes it just now
                continue
            if changed < (now - kept).timestamp():
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed
