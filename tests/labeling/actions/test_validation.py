"""A row's own rules become one domain error that names each wrong field."""

import pytest

from common.errors import Invalid
from labeling.actions.validation import checked
from labeling.models import Campaign


class Refused(Invalid):
    type = "test-refused"


def campaign(**rules: object) -> Campaign:
    return Campaign(**{"name": "Sums", "slug": "sums"} | rules)


def test_a_row_that_keeps_its_rules_comes_back() -> None:
    row = campaign()
    assert checked(row, exclude=["created_by", "created_at"]) is row


def test_each_wrong_field_is_named_with_its_reason() -> None:
    with pytest.raises(Invalid) as refusal:
        checked(campaign(overlap=0, prefetch=31), exclude=["created_by", "created_at"])
    assert set(refusal.value.fields) == {"overlap", "prefetch"}
    assert "prefetch: " + refusal.value.fields["prefetch"] in refusal.value.message


def test_rules_that_contradict_each_other_are_refused_too() -> None:
    with pytest.raises(Invalid, match="daily quota") as refusal:
        checked(campaign(quota=5, quota_per_day=6), exclude=["created_by", "created_at"])
    assert list(refusal.value.fields) == ["quota_per_day"]


def test_the_caller_names_the_refusal() -> None:
    with pytest.raises(Refused):
        checked(campaign(overlap=0), exclude=["created_by", "created_at"], refusal=Refused)
