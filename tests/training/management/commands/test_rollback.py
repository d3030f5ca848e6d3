"""rollback returns to the version that served before."""

import json

import pytest
from django.core.management import CommandError

from tests.people import NOON, Stage, pair
from tests.training.commands import output_of
from tests.training.conftest import child_of
from training.actions.versions import promote
from training.models import ModelVersion
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def test_a_promotion_is_rolled_back_and_before_the_first_there_is_none(
    base: ModelVersion, trained: ModelVersion
) -> None:
    output_of("promote", "tiny-v1")
    assert json.loads(output_of("rollback", "--json"))["serving"] == "tiny-base"
    assert serving_version() == base
    with pytest.raises(CommandError, match="none before it"):
        output_of("rollback")


def test_labels_are_set_aside_with_it_and_a_wrong_choice_rolls_nothing_back(scene: Stage) -> None:
    child = child_of(ModelVersion.objects.get(), scene)
    promote(version=child, acting_user=None, now=NOON)
    scene.add([pair(number) for number in range(30, 36)])
    scene.settle("abab")
    with pytest.raises(CommandError, match="Nobody of this name"):
        output_of("rollback", "--annotator", "nobody")
    with pytest.raises(CommandError, match="has no import 99"):
        output_of("rollback", "--batch", "99")
    with pytest.raises(CommandError, match="is no time"):
        output_of("rollback", "--settled-since", "yesterday")
    assert serving_version() == child
    said = output_of("rollback", "--settled-since", "2026-03-02", "--annotator", scene.alice.pseudonym)
    assert "tiny-base serves again. Comparisons set aside: 4 (act" in said
    assert scene.campaign.comparisons.filter(status="retired").count() == 4


def test_labels_of_a_version_from_no_run_cannot_be_set_aside(base: ModelVersion, trained: ModelVersion) -> None:
    output_of("promote", "tiny-v1")
    with pytest.raises(CommandError, match="there are no labels to set aside"):
        output_of("rollback", "--batch", "1")
    assert serving_version() == trained
