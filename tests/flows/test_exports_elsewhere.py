"""Exports load in the libraries that people train with, and TRL's trainers take steps on them."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import trl

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.exchange import WRITERS, Message
from labeling.exchange.turns import flattened, made_call, written
from labeling.models import Completion
from tests.labeling.management.running import run
from tests.people import Stage, pair, stage
from tests.training.tiny import write_tiny_model

pytestmark = pytest.mark.django_db

HOSTILE = 'commas, "quotes"\nand \u2028 lines, = 1 + 1, 日本, 🙂'


@pytest.fixture
def judged() -> Stage:
    """Six verdicts, a tie and a pair that nobody has judged."""
    scene = stage(comparisons=8, status="active")
    Completion.objects.filter(pk=Completion.objects.order_by("pk").values("pk")[:1]).update(text=HOSTILE)
    scene.settle(["a", "b", "a", "a", "b", "a", "tie"])
    return scene


def exported(dialect: str, folder: Path, *options: str) -> Path:
    path = folder / f"{dialect}.{WRITERS[dialect].extension}"
    run("export", "sums", "--dialect", dialect, "--out", str(path), *options)
    return path


def records_of(path: Path) -> int:
    """How many records a file of JSON holds."""
    text = path.read_text(encoding="utf-8")
    return len(json.loads(text)) if path.suffix == ".json" else text.count("\n")


@pytest.mark.parametrize("dialect", WRITERS)
def test_every_dialect_loads_in_datasets_and_pandas(dialect: str, judged: Stage, tmp_path: Path) -> None:
    import datasets
    import pandas
    import pyarrow.parquet

    path = exported(dialect, tmp_path)
    kind = {".csv": "csv", ".parquet": "parquet"}.get(path.suffix, "json")
    loaded = datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    streamed = list(datasets.load_dataset(kind, data_files=str(path), split="train", streaming=True))
    if kind == "csv":
        frame, rows = pandas.read_csv(path), len(list(loaded))
    elif kind == "parquet":
        frame, rows = pandas.read_parquet(path), pyarrow.parquet.read_table(path).num_rows
    else:
        frame, rows = pandas.read_json(path, lines=path.suffix == ".jsonl"), records_of(path)
    assert len(loaded) == len(streamed) == len(frame) == rows >= 6


TRAINERS = {
    "trl": [
        ("trl.trainer.dpo_trainer", "DPOTrainer", "trl.trainer.dpo_config", "DPOConfig"),
        ("trl.trainer.reward_trainer", "RewardTrainer", "trl.trainer.reward_config", "RewardConfig"),
        ("trl.experimental.cpo", "CPOTrainer", "trl.experimental.cpo", "CPOConfig"),
        ("trl.experimental.orpo", "ORPOTrainer", "trl.experimental.orpo", "ORPOConfig"),
    ],
    "kto": [("trl.trainer.kto_trainer", "KTOTrainer", "trl.trainer.kto_config", "KTOConfig")],
}


@pytest.mark.parametrize("dialect", TRAINERS)
@pytest.mark.parametrize("extras", [(), ("--extras",)], ids=["plain", "extras"])
def test_trainers_take_two_steps(dialect: str, extras: tuple[str, ...], judged: Stage, tmp_path: Path) -> None:
    import datasets

    path = exported(dialect, tmp_path, *extras)
    rows = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    model = write_tiny_model(tmp_path / "model")
    for trainer_module, trainer, config_module, config in TRAINERS[dialect]:
        losses = two_steps(trainer_module, trainer, config_module, config, rows=rows, model=model)
        assert len(losses) == 2, trainer
        assert all(map(math.isfinite, losses)), trainer
        if trainer == "DPOTrainer":  # before its first step, the policy is the reference
            assert losses[0] == pytest.approx(math.log(2), abs=1e-4)


WEATHER = {"type": "function", "function": {"name": "weather", "description": "The sky.", "parameters": {}}}
TIME = {"type": "function", "function": {"name": "time", "description": "The hour.", "parameters": {}}}


def using_tools() -> list[ComparisonDraft]:
    """Pairs whose completions call tools with unlike arguments, and go on over several turns; and a plain one."""
    offered: Message = {"role": "user", "content": "the sun here ?", "tools": written([WEATHER, TIME])}
    calls = ({"place": "here", "days": 2}, {"hours": ["one", "two"]})
    drafts = [pair(1, preference="first")]
    for number, arguments in enumerate(calls):
        call = made_call("weather" if number else "time", written(arguments), f"call{number}")
        turns: list[Message] = [
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "rain", "tool_call_id": f"call{number}"},
            {"role": "assistant", "content": "rain here ."},
            {"role": "user", "content": "always ?"},
            {"role": "assistant", "content": "often ."},
        ]
        prompt: list[Message] = [{**offered, "content": f"the sun here {'?' * (number + 1)}"}]
        good = CompletionDraft(flattened(turns), turns=turns)
        drafts.append(ComparisonDraft(prompt, good, CompletionDraft("maybe ."), preference="first"))
        drafts.append(ComparisonDraft(prompt, good, CompletionDraft(flattened(turns[:1]), turns=turns[:1]), "first"))
    return drafts


@pytest.mark.parametrize(("dialect", "held"), [("trl", 5), ("trl-implicit", 3), ("kto", 10)])
def test_a_step_is_taken_on_calls_of_tools_and_several_turns(dialect: str, held: int, tmp_path: Path) -> None:
    """Two pairs begin alike, and the prompt inside a conversation would take their first turns: they are left out."""
    import datasets

    scene = stage(status="active")
    scene.add(using_tools())
    path = tmp_path / "pairs.jsonl"
    report = run("export", "sums", "--dialect", dialect, "--out", str(path))
    assert ("2 dropped: it cannot be written in this dialect" in report[1]) == (held < 5)
    rows = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(rows) == held
    model = write_tiny_model(tmp_path / "model")
    template = (Path(trl.__file__).parent / "chat_templates" / "qwen2_5.jinja").read_text()
    (model / "chat_template.jinja").write_text(template)
    losses = two_steps(*TRAINERS[dialect.partition("-")[0]][0], rows=rows, model=model)
    assert losses[0] == pytest.approx(0.5 if dialect == "kto" else math.log(2), abs=1e-4)
    assert math.isfinite(losses[1])


def two_steps(
    trainer_module: str, trainer: str, config_module: str, config: str, *, rows: Any, model: Path
) -> list[float]:
    """The losses of two steps of a trainer on a tiny model."""
    from importlib import import_module

    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

    kind = AutoModelForSequenceClassification if trainer == "RewardTrainer" else AutoModelForCausalLM
    labels = {"num_labels": 1} if trainer == "RewardTrainer" else {}
    arguments = getattr(import_module(config_module), config)(
        output_dir=str(model.parent / trainer),
        per_device_train_batch_size=2,
        max_steps=2,
        logging_steps=1,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        save_strategy="no",
        report_to="none",
    )
    done = getattr(import_module(trainer_module), trainer)(
        model=kind.from_pretrained(model, **labels),
        args=arguments,
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(model),
    )
    done.train()
    return [entry["loss"] for entry in done.state.log_history if "loss" in entry]
