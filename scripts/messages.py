"""Updates the catalogues of translations with the sentences in the code, and compiles them.

Run by `make messages` (needs gettext's tools): python scripts/messages.py. Prints every sentence without a translation
or with one that was only guessed from a similar sentence, and fails if there is any.
"""

import os
import subprocess
import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "config" / "locale" / "de" / "LC_MESSAGES"
IGNORED = (".venv*", "var", "tests", "benchmarks", "docs", "node_modules", "frontend/vendor")


def collect(domain: str) -> None:
    """Rewrites domain.po without line numbers, wrapping and dates, so that a diff shows only changed sentences."""
    options = ["--add-location", "file", "--no-obsolete", "--no-wrap", *(f"--ignore={path}" for path in IGNORED)]
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "de", "--domain", domain, *options]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings_for_tests"}  # these need no services
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    catalogue = polib.pofile(str(FOLDER / f"{domain}.po"), wrapwidth=0)
    for name in ("POT-Creation-Date", "Report-Msgid-Bugs-To"):
        catalogue.metadata.pop(name, None)
    catalogue.save()


def unfinished(domain: str) -> list[str]:
    """The sentences whose translation is missing or only guessed."""
    entries = polib.pofile(str(FOLDER / f"{domain}.po"))
    return [entry.msgid for entry in entries if entry.fuzzy or not entry.translated()]


def main() -> int:
    """Updates both catalogues; returns 1 if a sentence is not translated."""
    missing = []
    for domain in ("django", "djangojs"):
        collect(domain)
        missing += [f"{domain}: {sentence}" for sentence in unfinished(domain)]
        catalogue = polib.pofile(str(FOLDER / f"{domain}.po"))
        catalogue.save_as_mofile(str(FOLDER / f"{domain}.mo"))
    print("\n".join(missing) or "Every sentence is translated.")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
