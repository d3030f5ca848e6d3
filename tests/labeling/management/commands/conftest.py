"""A campaign in which people have written about themselves."""

import pytest

from tests.labeling.personal import judged_with_comments
from tests.people import Stage


@pytest.fixture
def scene() -> Stage:
    return judged_with_comments()
