"""All data about a person, and nothing about others."""

import json

import pytest
from django.apps import apps
from django.db.models import Model

from labeling.models import User
from labeling.queries.personal_data import LEFT_OUT, SECRET, personal_data, tables
from tests.labeling.personal import judged_with_comments
from tests.people import Stage


@pytest.fixture
def scene() -> Stage:
    return judged_with_comments()


def test_people_take_all_that_is_held_about_them_and_nothing_of_others(scene: Stage) -> None:
    held = b"".join(personal_data(scene.alice)).decode()
    data = json.loads(held)
    assert data["account"]["username"] == "alice"
    assert len(data["judgments"]) == 2
    assert data["judgments"][0]["comment"] == "My name is Alice."
    assert [token["name"] for token in data["api_tokens"]] == ["laptop"]
    assert {"password", "key_hash"} & (set(data["account"]) | set(data["api_tokens"][0])) == set()
    assert {row["annotator_id"] for row in data["judgments"]} == {scene.alice.pk}
    assert {row["user_id"] for row in data["memberships"]} == {scene.alice.pk}


def test_every_table_that_names_people_is_told_or_left_out_for_a_reason() -> None:
    columns_by_table = {model._meta.label: columns for model, columns in tables().items()}
    # A few that must be there: that the list is read off the models at all.
    assert {"labeling.Judgment", "labeling.Invitation", "labeling.Gold", "training.Run", "admin.LogEntry"} <= set(
        columns_by_table
    )
    assert set(LEFT_OUT) <= set(columns_by_table)
    models: list[type[Model]] = list(apps.get_models(include_auto_created=True))
    named = {
        model._meta.label
        for model in models
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is User
    }
    assert named == set(columns_by_table)


def test_no_key_and_no_secret_is_told() -> None:
    models: list[type[Model]] = [User, *tables()]
    suspicious = {
        field.name
        for model in models
        if model._meta.label not in LEFT_OUT
        for field in model._meta.concrete_fields
        if any(word in field.name for word in ("secret", "password", "token", "key"))
    }
    # judgment.key only tells one try from another; counts of tokens, and that a password must be changed, open nothing.
    assert suspicious - SECRET <= {"key", "must_change_password", "tokens", "tokens_read", "tokens_written"}
