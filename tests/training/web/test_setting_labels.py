"""The engine's settings and figures in words."""

import dataclasses

from labeling.exchange.dropping import REASONS
from training.engine.config import LINEAR_PROJECTIONS, RunConfig
from training.web.setting_labels import (
    DROPPED,
    SETTINGS,
    VALUES,
    dropped_label,
    result_label,
    setting_label,
    setting_value,
)


def test_every_setting_of_the_engine_has_a_label_of_its_own() -> None:
    assert set(SETTINGS) == set(RunConfig().as_dict())
    assert len({str(label) for label in SETTINGS.values()}) == len(SETTINGS)


def test_every_reason_to_leave_a_comparison_out_has_a_label() -> None:
    assert set(DROPPED) == set(REASONS)


def test_names_without_a_label_are_readable_all_the_same() -> None:
    assert setting_label("from_the_future") == "from the future"
    assert result_label("from_the_future") == "from the future"
    assert dropped_label("from_the_future") == "from the future"


def test_every_value_that_can_be_chosen_has_a_label() -> None:
    choices = {
        each.name: each.metadata["one_of"] for each in dataclasses.fields(RunConfig) if "one_of" in each.metadata
    }
    assert {name: set(values) for name, values in choices.items()} | {
        "target_modules": {"all-linear", *LINEAR_PROJECTIONS}
    } == {name: set(labels) for name, labels in VALUES.items()}
    assert setting_value(["q_proj", "of_another_model"], "target_modules") == "queries, of_another_model"
