"""The recorded samples and pair of the story, and how own ones take their place."""

import pytest

from training.lens.recorded import DISTANCES, Sample, nearest_samples, recorded_pair, recorded_samples


def test_each_distance_has_a_recorded_sample_near_it() -> None:
    samples = recorded_samples()
    assert tuple(sample.distance for sample in samples) == DISTANCES
    assert all(sample.distance / 2 < sample.kl < 2 * sample.distance for sample in samples)
    assert all(sample.session is None and any(sample.texts) for sample in samples)


def test_the_recorded_pair_was_learned() -> None:
    view = recorded_pair()
    assert view.figures(0.1).margin > 0
    assert len(view.chosen.tokens) > 3


def test_an_own_sample_takes_the_place_of_the_recorded_one_it_is_near() -> None:
    own = [
        Sample(0.0, 0, ["start"], "Why?", session=7),
        Sample(1.7, 4, ["near two"], "Why?", session=7),
        Sample(3.0, 5, ["farther from two"], "Why?", session=7),
        Sample(9.0, 9, ["", " "], "Why?", session=7),
    ]
    near, middle, far = nearest_samples(own)
    assert (near, far) == (recorded_samples()[0], recorded_samples()[2])
    assert (middle.texts, middle.session, middle.distance) == (["near two"], 7, 2.0)
    assert middle.kl == pytest.approx(1.7)
