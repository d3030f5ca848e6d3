"""The order and the report of `make test-chaos`, without its platform."""

import subprocess
import sys
from collections import Counter

from config.embedded.var import PROJECT_DIR
from tests.chaos.many.__main__ import in_words, order_of
from tests.chaos.many.kinds import KINDS


def test_each_kind_comes_equally_often_in_an_order_that_the_seed_gives() -> None:
    kinds = list(KINDS)
    assert len(kinds) >= 25
    order = order_of(kinds, 3 * len(kinds), seed=4)
    assert set(Counter(order).values()) == {3}
    assert order == order_of(kinds, 3 * len(kinds), seed=4)
    assert order != order_of(kinds, 3 * len(kinds), seed=5)
    assert len(order_of(["the engine"], 7, seed=1)) == 7


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    command = [sys.executable, "-m", "tests.chaos.many", "--kinds", "the engine,a flood"]
    refused = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "no such kind: a flood" in refused.stderr
    assert "the whole machine" in refused.stderr


def test_the_report_has_the_worst_kind_first_and_names_what_is_wrong() -> None:
    kinds = {
        "the engine": {"times": 2, "median": 3.0, "worst": 4.0},
        "the database": {"times": 1, "median": 9.0, "worst": 9.0},
    }
    numbers = {"faults": 3, "minutes": 1.5, "acknowledged": 70, "runs": 2, "generations": 1, "answers_500": 0}
    report = {"kinds": kinds, "left_out": {"a full disk": "no disk"}, "idle_transactions": {"SELECT 1": 2.5}, **numbers}
    said = in_words({**report, "wrong": {}})
    assert said.index("the database") < said.index("the engine")
    assert "left out: a full disk (no disk)" in said
    assert said.endswith("Nothing was wrong.")
    assert '"lost": 2' in in_words({**report, "wrong": {"lost": 2}})
