"""Registering versions, and changing which one serves."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from common.errors import NotAllowed
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW, account
from training.access import visible_versions
from training.actions.generation import start_generation
from training.actions.versions import promote, register_base_version, roll_back
from training.errors import NothingServes, NothingToRollBack, ServingChanged, VersionDamaged, WrongName
from training.models import Deployment, ModelVersion
from training.queries.serving import serving_version, version_before
from training.queries.watching import is_rejected

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(tiny_model: Path, var_dir: Path) -> ModelVersion:
    folder = shutil.copytree(tiny_model, var_dir / "other")
    return register_base_version(name="other", directory=folder, acting_user=None, now=NOW)


def test_promoting_changes_what_serves_and_keeps_what_was(base: ModelVersion, other: ModelVersion, maya: User) -> None:
    deployment = promote(version=other, acting_user=maya, now=NOW)

    assert deployment.changed
    assert serving_version() == other
    assert version_before() == base
    event = Event.objects.filter(verb="version.promoted").latest("pk")
    assert (event.actor, event.before["serving"], event.after["serving"]) == (maya, "tiny-base", "other")


def test_promoting_what_serves_changes_nothing_and_says_so(base: ModelVersion) -> None:
    before = Event.objects.count()

    deployment = promote(version=base, acting_user=None, now=NOW)

    assert not deployment.changed
    assert deployment.version == base
    assert (Deployment.objects.count(), Event.objects.count()) == (1, before)


def test_rolling_back_goes_one_further_each_time_and_then_says_there_is_no_more(
    base: ModelVersion, other: ModelVersion, tiny_model: Path, var_dir: Path
) -> None:
    third = register_base_version(
        name="third", directory=shutil.copytree(tiny_model, var_dir / "third"), acting_user=None, now=NOW
    )
    promote(version=other, acting_user=None, now=NOW)
    promote(version=third, acting_user=None, now=NOW)

    assert roll_back(acting_user=None, now=NOW).version == other
    assert roll_back(acting_user=None, now=NOW).version == base
    with pytest.raises(NothingToRollBack):
        roll_back(acting_user=None, now=NOW)
    assert Deployment.objects.filter(is_current=True).count() == 1
    assert Deployment.objects.filter(kind="rollback").count() == 2


def test_channels_do_not_know_of_each_other(base: ModelVersion, other: ModelVersion) -> None:
    promote(version=other, acting_user=None, now=NOW, channel="rehearsal")

    assert serving_version() == base
    assert serving_version("rehearsal") == other
    with pytest.raises(NothingServes):
        roll_back(acting_user=None, now=NOW, channel="nowhere")


def test_a_promotion_that_expects_another_one_to_serve_is_refused(base: ModelVersion, other: ModelVersion) -> None:
    promote(version=other, acting_user=None, now=NOW)

    with pytest.raises(ServingChanged):
        promote(version=base, acting_user=None, now=NOW, expected=base)
    assert serving_version() == other


def test_changed_files_are_never_served(base: ModelVersion, other: ModelVersion, var_dir: Path) -> None:
    weights = var_dir / "other" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")

    with pytest.raises(VersionDamaged, match="not those that were registered"):
        promote(version=other, acting_user=None, now=NOW)
    shutil.rmtree(var_dir / "other")
    with pytest.raises(VersionDamaged, match="missing"):
        promote(version=other, acting_user=None, now=NOW)
    assert serving_version() == base


def test_registering_a_base_again_changes_nothing_and_moved_files_are_found(
    base: ModelVersion, tiny_model: Path, var_dir: Path
) -> None:
    again = register_base_version(name="tiny-base", directory=tiny_model, acting_user=None, now=NOW)
    assert again == base
    moved = shutil.copytree(tiny_model, var_dir / "moved")
    assert register_base_version(name="tiny-base", directory=moved, acting_user=None, now=NOW).base_dir == str(moved)
    (moved / "config.json").write_text("{}")
    elsewhere = shutil.copytree(moved, var_dir / "elsewhere")
    with pytest.raises(VersionDamaged, match="another name"):
        register_base_version(name="tiny-base", directory=elsewhere, acting_user=None, now=NOW)


@pytest.mark.parametrize("name", ["compare", "Smol 2", "../x", "a.b", "", "x" * 121])
def test_a_name_that_no_address_could_have_is_refused(name: str, tiny_model: Path, var_dir: Path) -> None:
    with pytest.raises(WrongName, match=r"Choose another name|not a valid version name"):
        register_base_version(name=name, directory=tiny_model, acting_user=None, now=NOW)
    assert not ModelVersion.objects.exists()


def test_annotators_may_not_promote_and_strangers_do_not_find_the_version(
    base: ModelVersion, other: ModelVersion, alice: User
) -> None:
    with pytest.raises(NotAllowed):
        promote(version=other, acting_user=alice, now=NOW)
    with pytest.raises(NotAllowed):
        roll_back(acting_user=alice, now=NOW)
    assert not visible_versions(alice).exists()


def test_a_lead_whom_it_does_not_concern_changes_nothing_that_serves(
    base: ModelVersion, other: ModelVersion, campaign: Campaign, maya: User
) -> None:
    start_generation(campaign=campaign, acting_user=None, now=NOW)
    promote(version=other, acting_user=maya, now=NOW)
    stranger = account("olga", "lead")
    for attempt in (roll_back, partial(promote, version=base)):
        with pytest.raises(NotAllowed, match="leads of a campaign that this version writes for"):
            attempt(acting_user=stranger, now=NOW)
    assert serving_version() == other
    assert roll_back(acting_user=maya, now=NOW).version == base


def test_promoting_the_version_before_is_a_rollback_by_another_name(
    base: ModelVersion, trained: ModelVersion, campaign: Campaign, maya: User
) -> None:
    start_generation(campaign=campaign, acting_user=None, now=NOW)
    promote(version=trained, acting_user=maya, now=NOW)
    assert not is_rejected(trained)
    promote(version=base, acting_user=maya, now=NOW)
    assert is_rejected(trained)
