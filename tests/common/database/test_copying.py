"""Rows by COPY, as they are read back."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.database.copying import blank_row, copy_in, copy_rows, stored
from labeling.models import Completion, Prompt
from tests.people import NOON, stage

pytestmark = pytest.mark.django_db

HARD = ["tab\tand\nline", "back\\slash \\N", "\\.", "", "日本語 🙂", '{"a": [1]}']


def completions(texts: list[str]) -> list[Completion]:
    """New completions of one prompt; not stored."""
    prompt = Prompt.objects.create(campaign=stage().campaign, messages=[], messages_hash="", created_at=NOON)
    return [
        Completion(
            prompt=prompt,
            text=text,
            text_hash=str(number),
            sampling={"top_p": 0.5, "note": text},
            token_ids=[number, 2],
            logprob_sum=-0.1 * number,
            created_at=NOON,
        )
        for number, text in enumerate(texts)
    ]


def test_every_value_comes_back_as_it_was_under_keys_in_order() -> None:
    rows = completions(HARD)
    copy_in(rows)
    kept = list(Completion.objects.order_by("pk"))
    assert [one.pk for one in kept] == [one.pk for one in rows]
    for before, after in zip(rows, kept, strict=True):
        for field in Completion._meta.concrete_fields:
            assert getattr(after, field.attname) == getattr(before, field.attname), field.name
    rows[0].server = "elsewhere"
    rows[0].save()  # a stored row, not a new one
    assert Completion.objects.count() == len(HARD)


def test_what_may_not_be_twice_stores_nothing_and_says_so() -> None:
    rows = completions(["one", "two"])
    rows[1].text_hash = rows[0].text_hash
    with pytest.raises(IntegrityError, match="completion_once"), transaction.atomic():
        copy_in(rows)
    assert not Completion.objects.exists()


def test_no_rows_are_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        copy_in([])


def test_rows_without_objects_are_stored_as_objects_are() -> None:
    prompt = Prompt.objects.create(campaign=stage().campaign, messages=[], messages_hash="", created_at=NOON)
    common = blank_row(Completion) | {"prompt_id": prompt.pk, "created_at": NOON, "sampling": {"top_p": 0.5}}
    rows = [common | {"text": text, "text_hash": str(number)} for number, text in enumerate(HARD)]
    keys = copy_rows(Completion, rows)
    kept = list(Completion.objects.order_by("pk"))
    assert [(one.pk, one.text, one.sampling) for one in kept] == [
        (key, text, {"top_p": 0.5}) for key, text in zip(keys, HARD, strict=True)
    ]
    for before, after in zip(stored(Completion, keys, rows), kept, strict=True):
        for field in Completion._meta.concrete_fields:
            assert getattr(after, field.attname) == getattr(before, field.attname), field.name
    assert copy_rows(Completion, []) == []
