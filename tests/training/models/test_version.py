"""The line of a version."""

from typing import Any

import pytest

from tests.training.conftest import NOW
from training.models import ModelVersion

pytestmark = pytest.mark.django_db


def test_a_line_is_read_at_once_however_long(base: ModelVersion, django_assert_num_queries: Any) -> None:
    versions = [base]
    for number in range(5):
        versions.append(
            ModelVersion.objects.create(
                name=f"v{number}", base_dir=base.base_dir, parent=versions[-1], content_hash="0", created_at=NOW
            )
        )
    with django_assert_num_queries(1):
        newest = ModelVersion.objects.get(pk=versions[-1].pk)
    with django_assert_num_queries(1):
        assert newest.line() == versions[::-1]
        assert newest.parent == versions[-2]
    with django_assert_num_queries(0):
        assert base.line() == [base]
    assert newest.base() == base
