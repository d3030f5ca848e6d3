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
LOCALES = ROOT / "config" / "locale"
"""A folder for each language but English, named by its code."""
DOMAINS = ("django", "djangojs")
IGNORED = (".venv*", "var", "tests", "benchmarks", "docs", "node_modules", "frontend/vendor")


def catalogue(language: str, domain: str, suffix: str = "po") -> str:
    """The path of a catalogue."""
    return str(LOCALES / language / "LC_MESSAGES" / f"{domain}.{suffix}")


def collect(language: str, domain: str) -> None:
    """Rewrites a catalogue without line numbers, wrapping and dates, so that a diff shows only changed sentences."""
    options = ["--add-location", "file", "--no-obsolete", "--no-wrap", *(f"--ignore={path}" for path in IGNORED)]
    command = [sys.executable, "-m", "django", "makemessages", "--locale", language, "--domain", domain, *options]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings_for_tests"}  # these need no services
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    entries = polib.pofile(catalogue(language, domain), wrapwidth=0)
    for name in ("POT-Creation-Date", "Report-Msgid-Bugs-To"):
        entries.metadata.pop(name, None)
    entries.save()


def unfinished(language: str, domain: str) -> list[str]:
    """The sentences whose translation is missing or only guessed."""
    entries = polib.pofile(catalogue(language, domain))
    return [entry.msgid for entry in entries if entry.fuzzy or not entry.translated()]


def main() -> int:
    """Updates the catalogues of every language; returns 1 if a sentence is not translated."""
    missing = []
    for language in sorted(folder.name for folder in LOCALES.iterdir()):
        for domain in DOMAINS:
            collect(language, domain)
            missing += [f"{language} {domain}: {sentence}" for sentence in unfinished(language, domain)]
            polib.pofile(catalogue(language, domain)).save_as_mofile(catalogue(language, domain, "mo"))
    print("\n".join(missing) or "Every sentence is translated.")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
