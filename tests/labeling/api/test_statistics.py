"""The parameters of a slice: timestamps, whole days, and nothing that is not part of a slice."""

from datetime import UTC, datetime

import pytest
from rest_framework.exceptions import ValidationError

from labeling.api.statistics import MomentField, RankingFilter, slice_of
from labeling.queries.slices import Slice


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T06:30:00Z", datetime(2026, 3, 1, 6, 30, tzinfo=UTC)),
        ("2026-03-01T06:30:00+02:00", datetime(2026, 3, 1, 4, 30, tzinfo=UTC)),
    ],
)
def test_a_day_means_its_first_moment(value: str, moment: datetime) -> None:
    assert MomentField().to_internal_value(value) == moment


@pytest.mark.parametrize("value", ["yesterday", "2026-02-30", "", 5])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        MomentField().to_internal_value(value)


def test_a_slice_takes_its_own_parameters_and_leaves_the_others() -> None:
    asked = RankingFilter(data={"annotator": "quiet-otter", "length_controlled": "true"})
    assert asked.is_valid()
    assert asked.validated_data["length_controlled"] is True
    assert slice_of(asked.validated_data) == Slice(annotator="quiet-otter")
