"""Generation without its pauses."""

import pytest

from training.jobs import generation


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "LONGEST_PAUSE_SECONDS", 0.0)
