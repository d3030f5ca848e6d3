"""The file of reference log-probabilities: anything changed is a miss, anything missing is a miss."""

from pathlib import Path

import numpy as np

from training.engine.learning.reference_file import PartialReference, load_reference, load_values, save_reference

VALUES = np.arange(6.0).reshape(3, 2)


def test_what_was_saved_is_loaded_to_the_last_bit(tmp_path: Path) -> None:
    save_reference(tmp_path / "r", "key", train=VALUES, test=VALUES[:0])
    loaded = load_reference(tmp_path / "r", "key", train=3, test=0)
    assert loaded is not None
    assert np.array_equal(loaded["train"], VALUES)
    assert loaded["test"].shape == (0, 2)


def test_another_key_another_length_and_another_split_are_misses(tmp_path: Path) -> None:
    save_reference(tmp_path / "r", "key", train=VALUES)
    assert load_reference(tmp_path / "r", "other", train=3) is None
    assert load_reference(tmp_path / "r", "key", train=2) is None
    assert load_reference(tmp_path / "r", "key", train=3, test=0) is None
    assert load_reference(tmp_path / "absent", "key", train=3) is None


def test_a_torn_file_and_a_hole_are_misses(tmp_path: Path) -> None:
    holed = VALUES.copy()
    holed[1, 1] = np.nan
    save_reference(tmp_path / "holed", "key", train=holed)
    assert load_reference(tmp_path / "holed", "key", train=3) is None
    save_reference(tmp_path / "r", "key", train=VALUES)
    whole = (tmp_path / "r").read_bytes()
    for length in (0, 4, len(whole) // 2, len(whole) - 1):
        (tmp_path / "r").write_bytes(whole[:length])
        assert load_reference(tmp_path / "r", "key", train=3) is None


def test_a_flipped_bit_of_a_number_is_a_miss(tmp_path: Path) -> None:
    save_reference(tmp_path / "r", "key", train=VALUES)
    whole = bytearray((tmp_path / "r").read_bytes())
    whole[-3] ^= 1
    (tmp_path / "r").write_bytes(whole)
    assert load_reference(tmp_path / "r", "key", train=3) is None


def test_holes_are_for_those_who_ask_for_them(tmp_path: Path) -> None:
    holed = VALUES.copy()
    holed[1] = np.nan
    save_reference(tmp_path / "r", "key", train=holed)
    found = load_values(tmp_path / "r", "key", train=3)
    assert found is not None
    assert np.array_equal(found["train"], holed, equal_nan=True)


def test_a_pass_that_goes_on_has_the_cached_values_of_its_beginning(tmp_path: Path) -> None:
    """Other runs add to a shared cache; values of other rows could differ in their last bits."""
    began = VALUES.copy()
    began[1] = np.nan
    first = PartialReference(tmp_path / "p", "key", {"train": 3})
    assert np.array_equal(first.cached("train", began), began, equal_nan=True)
    first.save()
    later = PartialReference(tmp_path / "p", "key", {"train": 3})
    assert np.array_equal(later.cached("train", VALUES + 1e-9), began, equal_nan=True)
    assert not later.of("train").known().any()
