"""base_model registers the base model, which serves until another version does."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from tests.training.commands import output_of
from tests.training.conftest import NOW
from training.actions.versions import promote, register_base_version
from training.models import Deployment, ModelVersion
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def test_a_new_installation_gets_a_base_model_that_serves_once(settings: Any, tiny_model: Path, var_dir: Path) -> None:
    settings.BASE_MODEL_DIR, settings.BASE_MODEL_NAME = tiny_model, "llama"
    assert output_of("base_model") == "llama is registered; it serves."
    assert output_of("base_model") == "llama is registered; it serves."
    assert (ModelVersion.objects.count(), Deployment.objects.count()) == (1, 1)


def test_a_version_that_serves_already_goes_on_serving(settings: Any, tiny_model: Path, var_dir: Path) -> None:
    other = register_base_version(name="other", directory=tiny_model, acting_user=None, now=NOW)
    promote(version=other, acting_user=None, now=NOW)
    settings.BASE_MODEL_DIR, settings.BASE_MODEL_NAME = tiny_model, "llama"
    assert output_of("base_model") == "llama is registered; other serves."
    assert serving_version() == other


def test_a_folder_of_ones_own_without_a_model_is_named_and_not_filled(settings: Any, tmp_path: Path) -> None:
    settings.BASE_MODEL_DIR, settings.BASE_MODEL_NAME = tmp_path / "llama", "llama"
    with pytest.raises(CommandError, match=r"There is no model in .*llama"):
        output_of("base_model")
    assert not (tmp_path / "llama").exists()
    assert not ModelVersion.objects.exists()
