"""Calling the engine: its command line, its result, its own sentence if it fails."""

import pytest

from labeling.exchange import PreferencePair
from tests.people import asks
from training.jobs import engine
from training.jobs.engine import EngineFailed, engine_command, run_engine, score_pairs
from training.models import ModelVersion

BASE = ModelVersion(name="base", base_dir="/models/base")
TUNED = ModelVersion(name="v1", base_dir="/models/base", adapter_dir="/versions/v1")
PAIR = PreferencePair("x", asks("what does the cat see ?"), "the cat sees tea", "maybe bread")


def test_the_command_line_names_model_adapter_and_reference() -> None:
    assert engine_command("score", TUNED, reference=BASE)[3:] == [
        "score",
        "--model",
        "/models/base",
        "--adapter",
        "/versions/v1",
    ]
    assert engine_command("score", BASE, reference=TUNED)[-2:] == ["--reference-adapter", "/versions/v1"]


def test_the_engine_fails_with_its_own_sentence(settings: object, var_dir: object) -> None:
    with pytest.raises(EngineFailed, match="/models/base"):
        score_pairs(BASE, [PAIR])


def test_an_engine_that_says_nothing_is_described(monkeypatch: pytest.MonkeyPatch, var_dir: object) -> None:
    with pytest.raises(EngineFailed, match="The engine ended with code 3: "):
        run_engine(["python", "-c", "raise SystemExit(3)"])


@pytest.mark.django_db
def test_pairs_are_scored_in_order_and_stopping_gives_nothing(base: ModelVersion) -> None:
    other = PreferencePair("y", PAIR.prompt, PAIR.rejected, PAIR.chosen)
    first, second = score_pairs(base, [PAIR, other])
    assert (first["id"], second["id"]) == ("x", "y")
    assert first["policy_chosen_logp"] == pytest.approx(second["policy_rejected_logp"], abs=1e-4)
    assert score_pairs(base, [PAIR], should_stop=lambda: True) == []
    assert engine.TICK_SECONDS <= 1.0, "a worker must be able to stop soon"
