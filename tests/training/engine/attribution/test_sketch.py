"""The random projection of gradients: inner products survive it."""

import pytest
import torch

from training.engine.attribution.sketch import PLACES, Sketch


def test_inner_products_survive_within_the_stated_error() -> None:
    generator = torch.Generator().manual_seed(1)
    x, noise = torch.randn(2, 40_000, generator=generator, dtype=torch.float64)
    y = 0.3 * x + noise
    exact = float(x @ y / (x.norm() * y.norm()))
    found = []
    for seed in range(40):
        sketch = Sketch(len(x), places=101, seed=seed)
        short, other = sketch.of([x[:7], x[7:]]), sketch.of([y])
        assert short.shape == (101,)
        found.append(float(short @ other / (x.norm() * y.norm())))
    errors = torch.tensor(found) - exact
    assert float(errors.mean().abs()) < 3 * 101**-0.5 / 40**0.5  # unbiased
    assert float(errors.std()) == pytest.approx(101**-0.5, rel=0.4)


def test_the_entries_of_a_column_do_not_meet_in_one_place_whatever_its_width() -> None:
    assert all(PLACES % divisor for divisor in range(2, 64))
    column = torch.zeros(16, 4096)  # of a layer as wide as a power of two
    column[:, 5] = 1.0
    assert int((Sketch(column.numel()).of([column]) != 0).sum()) == 16


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="3 entries"):
        Sketch(4).of([torch.ones(3)])
