"""Making suites and changing them: every change is a version of its own."""

import pytest
from django.db import IntegrityError, transaction

from common.errors import NotAllowed, NotFound
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW
from tests.training.suites import scenario, scenarios, small_suite
from training.actions.suite_runs import start_suite_run
from training.actions.suites import add_shipped_suite, create_suite, save_suite, scenarios_from
from training.errors import JobActive, SuiteExists, WrongSettings, WrongSuiteFile
from training.evaluation.suites import SHIPPED
from training.models import ModelVersion, SuiteRun, SuiteVersion

pytestmark = pytest.mark.django_db


def test_a_change_makes_the_next_version_and_the_same_scenarios_none(campaign: Campaign, maya: User) -> None:
    suite = small_suite(campaign, by=maya)
    same = save_suite(suite=suite, scenarios=scenarios(*suite.current.scenarios), acting_user=maya, now=NOW)
    assert same.number == 1
    changed = save_suite(suite=suite, scenarios=scenarios(scenario("one")), acting_user=maya, now=NOW)
    assert (changed.number, changed.size, changed.by) == (2, 1, maya)
    assert suite.current == changed
    assert list(Event.objects.filter(verb__startswith="suite.").values_list("verb", flat=True)) == [
        "suite.created",
        "suite.saved",
    ]


def test_a_version_cannot_be_changed_afterwards(campaign: Campaign) -> None:
    small_suite(campaign)
    for change in (lambda: SuiteVersion.objects.update(size=9), lambda: SuiteVersion.objects.all().delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def test_two_suites_of_one_name_are_refused(campaign: Campaign) -> None:
    small_suite(campaign)
    with pytest.raises(SuiteExists):
        small_suite(campaign)


@pytest.mark.parametrize("shipped", SHIPPED)
def test_a_shipped_suite_is_added_as_a_copy(shipped: str, campaign: Campaign, maya: User) -> None:
    suite = add_shipped_suite(campaign=campaign, shipped=shipped, acting_user=maya, now=NOW)
    assert suite.current.size == 40
    with pytest.raises(WrongSuiteFile):
        add_shipped_suite(campaign=campaign, shipped="none", acting_user=maya, now=NOW)


def test_a_file_is_refused_with_its_lines_in_words() -> None:
    with pytest.raises(WrongSuiteFile) as refused:
        scenarios_from("{\n[]")
    first, second = refused.value.fields["scenarios"].split("\n")
    assert first.startswith("Line 1: This is not JSON: Expecting")
    assert "(column " in first
    assert second == "Line 2: A scenario is a JSON object."
    with pytest.raises(WrongSuiteFile, match="Line 1"):
        scenarios_from("tests: [", "yaml")


def test_only_leads_of_the_campaign_make_and_run_suites(
    campaign: Campaign, base: ModelVersion, maya: User, alice: User, charlie: User
) -> None:
    suite = small_suite(campaign, by=maya)
    given = scenarios(scenario("one"))
    for person, refusal in ((alice, NotAllowed), (charlie, NotFound)):
        with pytest.raises(refusal):
            create_suite(campaign=campaign, name="Other", scenarios=given, acting_user=person, now=NOW)
        with pytest.raises(refusal):
            save_suite(suite=suite, scenarios=given, acting_user=person, now=NOW)
        with pytest.raises(refusal):
            start_suite_run(suite_version=suite.current, version=base, acting_user=person, now=NOW)


def test_a_second_click_does_not_ask_everything_twice(campaign: Campaign, base: ModelVersion) -> None:
    suite = small_suite(campaign)
    start_suite_run(suite_version=suite.current, version=base, acting_user=None, now=NOW)
    with pytest.raises(JobActive), transaction.atomic():
        start_suite_run(suite_version=suite.current, version=base, acting_user=None, now=NOW)
    assert SuiteRun.objects.count() == 1


def test_settings_that_no_generator_can_honour_are_refused(campaign: Campaign, base: ModelVersion) -> None:
    suite = small_suite(campaign)
    for settings in ({"temperature": -1}, {"warmth": 3}):
        with pytest.raises(WrongSettings):
            start_suite_run(suite_version=suite.current, version=base, acting_user=None, now=NOW, settings=settings)
