"""A column that names a place below the data directory of whoever reads it."""

from pathlib import Path
from typing import Any

import pytest

from training.models import ModelVersion

pytestmark = pytest.mark.django_db
ROW = {"content_hash": "a" * 64, "created_at": "2026-03-02T09:00:00Z"}


def stored(column: str) -> str:
    """The text in the table itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM training_modelversion")
        return str(cursor.fetchone()[0])


def test_a_place_below_the_data_directory_moves_with_it(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "first"
    place = str(tmp_path / "first" / "models" / "a")
    ModelVersion.objects.create(name="a", base_dir=place, **ROW)
    assert stored("base_dir") == "models/a"
    assert ModelVersion.objects.get(base_dir=place).base_dir == place
    settings.VAR_DIR = tmp_path / "second"
    assert ModelVersion.objects.get().base_dir == str(tmp_path / "second" / "models" / "a")
    assert list(ModelVersion.objects.values_list("base_dir", flat=True)) == [str(tmp_path / "second" / "models" / "a")]


def test_a_place_elsewhere_and_none_at_all_stay_as_they_are(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "first"
    ModelVersion.objects.create(name="a", base_dir="/models/a", **ROW)
    version = ModelVersion.objects.get(adapter_dir="")
    assert (stored("base_dir"), version.base_dir, version.adapter_dir) == ("/models/a", "/models/a", "")


def test_a_full_path_of_an_older_version_is_read_as_it_is(settings: Any, tmp_path: Path) -> None:
    from django.db import connection

    settings.VAR_DIR = tmp_path
    version = ModelVersion.objects.create(name="a", base_dir="/models/a", **ROW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE training_modelversion SET base_dir = %s", [str(tmp_path / "models" / "a")])
    version.refresh_from_db()
    assert version.base_dir == str(tmp_path / "models" / "a")
    version.save()
    assert stored("base_dir") == "models/a"
