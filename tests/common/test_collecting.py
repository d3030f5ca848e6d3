"""A long job sets the objects that are loaded aside, and gives them back to the collector at its end."""

import gc
import weakref

import pytest

from common.collecting import loaded_objects_set_aside


def test_loaded_objects_are_set_aside_until_the_end_of_the_job() -> None:
    with loaded_objects_set_aside():
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0


def test_garbage_is_collected_before() -> None:
    circle: list[object] = [Circle()]
    circle.append(circle)
    seen = weakref.ref(circle[0])
    del circle
    with loaded_objects_set_aside():
        assert seen() is None


class Circle:
    """An object that refers to itself through a list."""


def test_a_job_that_fails_gives_them_back_too() -> None:
    with pytest.raises(ValueError, match="broken"), loaded_objects_set_aside():
        raise ValueError("broken")
    assert gc.get_freeze_count() == 0
