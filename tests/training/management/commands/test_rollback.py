"""rollback returns to the version that served before."""

import json

import pytest
from django.core.management import CommandError

from tests.training.commands import output_of
from training.models import ModelVersion
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def test_a_promotion_is_rolled_back_and_before_the_first_there_is_none(
    base: ModelVersion, trained: ModelVersion
) -> None:
    output_of("promote", "tiny-v1")
    assert json.loads(output_of("rollback", "--json")) == {"serving": "tiny-base"}
    assert serving_version() == base
    with pytest.raises(CommandError, match="none before it"):
        output_of("rollback")
