"""`make messages` names every sentence whose translation is missing or only guessed."""

from pathlib import Path

import polib
import pytest

from scripts import messages


def test_missing_and_guessed_translations_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LOCALES", tmp_path)
    (tmp_path / "fr" / "LC_MESSAGES").mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid="Done", msgstr="Fertig"))
    catalogue.append(polib.POEntry(msgid="Missing", msgstr=""))
    catalogue.append(polib.POEntry(msgid="Guessed", msgstr="Geraten", flags=["fuzzy"]))
    catalogue.append(polib.POEntry(msgid="One", msgid_plural="Many", msgstr_plural={0: "Eins", 1: ""}))
    catalogue.save(messages.catalogue("fr", "django"))
    assert messages.unfinished("fr", "django") == ["Missing", "Guessed", "One"]
