"""promote makes a version serve."""

import json

import pytest
from django.core.management import CommandError

from tests.training.commands import output_of
from training.models import ModelVersion
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def test_a_version_is_promoted_once(trained: ModelVersion) -> None:
    assert output_of("promote", "tiny-v1") == "tiny-v1 serves."
    assert serving_version() == trained
    assert output_of("promote", "tiny-v1") == "tiny-v1 serves already: nothing changed."
    assert json.loads(output_of("promote", "tiny-v1", "--json")) == {"serving": "tiny-v1", "changed": False}


def test_a_version_that_does_not_exist_is_named(base: ModelVersion) -> None:
    with pytest.raises(CommandError, match="nothing-v9"):
        output_of("promote", "nothing-v9")
    assert serving_version() == base
