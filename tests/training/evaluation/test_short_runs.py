"""The short runs behind a learning curve."""

from training.evaluation.short_runs import FEWEST, FEWEST_PAIRS, order_of, short_runs, subset_sizes


def test_each_size_is_half_of_the_next_and_the_largest_has_all_pairs() -> None:
    assert subset_sizes(512) == [32, 64, 128, 256, 512]
    assert subset_sizes(FEWEST_PAIRS) == [8, 16, 32]
    assert subset_sizes(FEWEST - 1) == []


def test_each_size_is_measured_twice_and_then_one_draw_after_the_other() -> None:
    twice = [(0, 8), (1, 8), (0, 16), (1, 16), (0, 32), (1, 32)]
    assert list(short_runs(32, 2)) == twice
    assert list(short_runs(32, 4)) == [*twice, (2, 8), (2, 16), (2, 32), (3, 8), (3, 16), (3, 32)]


def test_a_draw_orders_the_pairs_in_the_same_way_every_time_and_another_one_otherwise() -> None:
    assert sorted(order_of(40, 1)) == list(range(40))
    assert order_of(40, 1) == order_of(40, 1) != order_of(40, 2)
