"""Token ids are stored whole, as one array literal, and come back as numbers."""

import pytest
from django.db import DataError, transaction

from labeling.models import Completion
from tests.people import stage


def test_token_ids_come_back_as_they_were() -> None:
    scene = stage(comparisons=1)
    completion = Completion.objects.first()
    assert completion is not None
    for ids in ([1, 2, 3], [], None, [0, 2**31 - 1]):
        Completion.objects.filter(pk=completion.pk).update(token_ids=ids)
        completion.refresh_from_db()
        assert completion.token_ids == ids
    assert scene.campaign.prompts.count() == 1


def test_the_database_refuses_what_is_no_integer() -> None:
    stage(comparisons=1)
    with pytest.raises(DataError), transaction.atomic():
        Completion.objects.update(token_ids=["x"])


def test_to_migrations_it_is_an_ordinary_array() -> None:
    field = Completion._meta.get_field("token_ids")
    assert field.deconstruct()[1] == "django.contrib.postgres.fields.ArrayField"
