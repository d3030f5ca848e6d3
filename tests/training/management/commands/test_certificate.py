"""Certificates on the command line."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.browser.furnished import Furnished, furnish
from tests.labeling.management.running import run
from tests.people import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def furnished() -> Furnished:
    return furnish(stage(comparisons=3))


def test_a_certificate_is_verified_until_its_file_or_its_row_was_changed(furnished: Furnished, tmp_path: Path) -> None:
    file, number = tmp_path / "certificate.json", str(furnished.decision.pk)
    file.write_text(run("certificate", "show", number)[0])
    assert "is as it was certified" in run("certificate", "verify", str(file))[0]

    changed = json.loads(file.read_text())
    changed["certificate"]["outcome"] = "held_back"
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(changed))
    with pytest.raises(CommandError, match="was changed"):
        call_command("certificate", "verify", str(forged))

    with connection.cursor() as cursor:  # somebody with the database's password
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE training_gatedecision DISABLE TRIGGER training_gatedecision_append_only")
        cursor.execute("UPDATE training_gatedecision SET waiver = 'no' WHERE id = %s", [furnished.decision.pk])
    with pytest.raises(CommandError, match="in the database"):
        call_command("certificate", "verify", str(file))


@pytest.mark.parametrize("insert", ['"outcome": "held_back", "outcome"', '"figures": {"accuracy": 0.99}, "outcome"'])
def test_a_certificate_shows_nobody_a_value_that_its_hash_does_not_cover(
    furnished: Furnished, tmp_path: Path, insert: str
) -> None:
    file = tmp_path / "certificate.json"
    whole = run("certificate", "show", str(furnished.decision.pk))[0]
    file.write_text(whole.replace('"outcome"', insert, 1))
    assert file.read_text() != whole
    with pytest.raises(CommandError, match="twice in one place"):
        call_command("certificate", "verify", str(file))
    file.write_text(whole.rstrip()[:-1] + ', "accuracy": 0.99}')
    with pytest.raises(CommandError, match="“accuracy”, which no hash covers"):
        call_command("certificate", "verify", str(file))


@pytest.mark.parametrize(
    ("text", "says"), [("{", "cannot be read"), ("[]", "no certificate"), ("{}", "no certificate")]
)
def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "file.json"
    file.write_text(text)
    with pytest.raises(CommandError, match=says):
        call_command("certificate", "verify", str(file))
