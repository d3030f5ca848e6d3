"""Times of automatic retraining in the form: as people say them, and as cron."""

from datetime import time
from typing import Any

import pytest
from django.http import QueryDict

from common.templatetags.form_parts import is_optional
from tests.people import NOON, Stage, stage
from training.actions.retraining import save_retraining_rule
from training.web.retraining_form import RetrainingRuleForm


@pytest.fixture
def on_stage(db: None) -> Stage:
    return stage()


def sent(**values: str) -> RetrainingRuleForm:
    """The form as a browser sends it: with all fields, also those that the page hides."""
    fields = {
        "min_fresh_verdicts": "50",
        "weekday": "0",
        "at": "03:00",
        "hours": "6",
        "cron": "",
    }
    data = QueryDict(mutable=True)
    data.update(fields | values)
    return RetrainingRuleForm(data)


@pytest.mark.parametrize(
    ("values", "cron"),
    [
        ({"kind": "enough"}, ""),
        ({"kind": "daily", "at": "23:05"}, "5 23 * * *"),
        ({"kind": "weekly", "weekday": "1", "at": "04:30"}, "30 4 * * 1"),
        ({"kind": "weekly", "weekday": "0", "at": "04:30"}, "30 4 * * 0"),
        ({"kind": "hourly", "hours": "1"}, "0 * * * *"),
        ({"kind": "hourly", "hours": "8"}, "0 */8 * * *"),
        ({"kind": "cron", "cron": " 15 3 * * 1-5 "}, "15 3 * * 1-5"),
        ({"kind": "daily", "cron": "nonsense in a hidden field"}, "0 3 * * *"),
        ({"kind": "cron", "cron": "0 3 * * 1-5", "at": "nonsense"}, "0 3 * * 1-5"),
    ],
)
def test_a_time_becomes_cron(values: dict[str, str], cron: str) -> None:
    form = sent(**values)
    assert form.is_valid(), form.errors
    assert form.rule() == {
        "enabled": False,
        "min_fresh_verdicts": 50,
        "auto_promote": False,
        "cron": cron,
    }


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"kind": "daily", "at": ""}, "at", "Choose a time of day"),
        ({"kind": "weekly", "at": "25:00"}, "at", "Enter a valid time"),
        ({"kind": "weekly", "weekday": ""}, "weekday", "Choose a day"),
        ({"kind": "cron", "cron": ""}, "cron", "five fields"),
        ({"kind": "cron", "cron": "0 0 30 2 *"}, "cron", "never comes"),
        ({"kind": "cron", "cron": "61 0 * * *"}, "cron", "at '61'. The minute is 0 to 59."),
        ({"kind": "cron", "cron": "0 0 * * mon-xyz"}, "cron", "The weekday is 0 (Sunday) to 6"),
        ({"kind": "cron", "cron": "0 0 * 13 *"}, "cron", "The month is 1 to 12"),
        ({"kind": "cron", "cron": "0 ²5 * * *"}, "cron", "The hour is 0 to 23."),
        ({"kind": "sometimes"}, "kind", "valid choice"),
    ],
)
def test_a_wrong_time_is_named_beside_its_field(values: dict[str, str], field: str, reason: str) -> None:
    form = sent(**values)
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert reason in form.errors[field][0]


@pytest.mark.parametrize(
    ("cron", "shown"),
    [
        ("", {"kind": "enough"}),
        ("0 3 * * *", {"kind": "daily", "at": time(3)}),
        ("30 4 * * 5", {"kind": "weekly", "weekday": 5, "at": time(4, 30)}),
        ("0 */6 * * *", {"kind": "hourly", "hours": 6}),
        ("15 3 * * 1-5", {"kind": "cron", "cron": "15 3 * * 1-5"}),
    ],
)
def test_a_stored_time_is_shown_as_people_say_it(on_stage: Stage, cron: str, shown: dict[str, Any]) -> None:
    rule = save_retraining_rule(campaign=on_stage.campaign, acting_user=on_stage.maya, now=NOON, cron=cron)
    form = RetrainingRuleForm.of(rule)
    assert {name: form[name].value() for name in shown} == shown


@pytest.mark.parametrize("cron", [None, "", "0 3 * * *", "0 */6 * * *"])
def test_a_week_begins_on_monday_where_no_day_was_chosen(on_stage: Stage, cron: str | None) -> None:
    by: Any = {"campaign": on_stage.campaign, "acting_user": on_stage.maya, "now": NOON}
    rule = None if cron is None else save_retraining_rule(cron=cron, **by)
    assert RetrainingRuleForm.of(rule)["weekday"].value() == 1


def test_the_fields_of_a_chosen_time_are_not_called_optional() -> None:
    form = RetrainingRuleForm()
    assert [name for name in ("weekday", "at", "hours", "cron") if is_optional(form[name])] == []
