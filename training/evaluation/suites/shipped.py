"""The suites that are shipped, as files beside this one."""

from pathlib import Path

from training.evaluation.suites.scenarios import Scenario, read_suite

FOLDER = Path(__file__).parent / "shipped"
SHIPPED = ("healthcare_scheduling", "general_assistant")


def shipped_suite(name: str) -> list[Scenario]:
    """The scenarios of a shipped suite, of SHIPPED."""
    return read_suite((FOLDER / f"{name}.jsonl").read_text(encoding="utf-8"))
