"""`seal_events` prints the seal to keep, and a second time the same one."""

from labeling.events.chain import Seal, verify
from tests.labeling.management.running import run
from tests.people import stage


def test_it_prints_the_seal_and_changes_nothing_the_second_time() -> None:
    stage(comparisons=2)
    printed = run("seal_events")[0].strip()
    assert Seal.parse(printed) == verify().seal
    assert run("seal_events")[0].strip() == printed
