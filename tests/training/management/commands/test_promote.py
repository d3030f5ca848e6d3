"""promote makes a version serve."""

import json

import pytest
from django.core.management import CommandError

from tests.browser.furnished import furnish
from tests.people import stage
from tests.training.commands import output_of
from training.models import ModelVersion
from training.queries.serving import serving_version
from training.versions import files

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


def test_promoting_past_a_gate_needs_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "check_version", lambda version: None)  # it has no files
    furnished = furnish(stage(comparisons=3))
    furnished.two.evaluations.all().delete()
    with pytest.raises(CommandError, match="The gate is not met"):
        output_of("promote", "sums-v2")
    assert "sums-v2 serves" in output_of("promote", "sums-v2", "--reason", "For a test.")
