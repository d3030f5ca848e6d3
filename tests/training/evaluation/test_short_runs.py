"""The short runs behind a learning curve."""

from training.evaluation.short_runs import FEWEST, FEWEST_PAIRS, order_of, short_runs, subset_sizes


def test_each_size_is_half_of_the_next_and_the_largest_has_all_pairs() -> None:
    assert subset_sizes(512) == [32, 64, 128, 256, 512]
    assert subset_sizes(FEWEST_PAIRS) == [8, 16, 32]
    assert subset_sizes(FEWEST - 1) == []


def test_a_draw_is_whole_before_the_next_begins() -> None:
    assert list(short_runs(32, 2)) == [(0, 8), (0, 16), (0, 32), (1, 8), (1, 16), (1, 32)]


def test_a_draw_orders_the_pairs_in_the_same_way_every_time_and_another_one_otherwise() -> None:
    assert sorted(order_of(40, 1)) == list(range(40))
    assert order_of(40, 1) == order_of(40, 1) != order_of(40, 2)
