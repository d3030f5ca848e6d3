"""Runs of RLHF from files to files: resumed, rewarded by a function or by a reward model, refused with a reason."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.training.engine import tiny
from tests.training.engine.workshop import Events, Killed, lines, run, write_pairs
from training.engine.cli import main
from training.engine.config import RunConfig, as_table
from training.engine.data.packing import pack_row
from training.engine.data.schedule import Schedule
from training.engine.data.text import TextEncoder
from training.engine.errors import Cancelled, Diverged, InputError
from training.engine.events import Caller, StopRequest
from training.engine.learning.memory import saved_bytes
from training.engine.learning.reward import score_rewards
from training.engine.learning.run import TrainingKind
from training.engine.measuring.evaluation import read_all
from training.engine.methods.rewards import FunctionReward, ModelReward
from training.engine.methods.rlhf import RlhfFiles, _Run, rlhf
from training.engine.methods.samples import Sample
from training.engine.methods.settings import ONLY_FOR_PAIRS, RlhfConfig
from training.engine.run_folder import RunFolder

FUNCTION = f"{__name__}:length"
SETTINGS: dict[str, Any] = {
    "steps": 4,
    "prompts_per_step": 2,
    "samples_per_prompt": 2,
    "max_tokens": 4,
    "lora_rank": 2,
    "lora_alpha": 4.0,
    "learning_rate": 1e-2,
    "checkpoint_every": 2,
    "dtype": "float32",
    "device": "cpu",
    "threads": 1,
}


def length(prompt: str, completion: str) -> float:
    """The reward of these tests: long answers to short prompts."""
    return float(len(completion.encode()) - len(prompt))


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prompts") / "prompts.jsonl"
    path.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in ("Hello", "How?", "Hello", "Why")))
    return path


def start(files: RlhfFiles, events: Events | None = None, **settings: Any) -> dict[str, Any]:
    events = events or Events()
    return rlhf(files, RlhfConfig(**{**SETTINGS, **settings}), caller=Caller(events, events.stop))


@pytest.mark.parametrize("algorithm", ["rloo", "ppo", "online_dpo"])
def test_a_killed_run_ends_in_the_same_bytes(model_folder: Path, prompts: Path, tmp_path: Path, algorithm: str) -> None:
    whole = RlhfFiles(model_folder, prompts, tmp_path / "whole", reward_function=FUNCTION)
    meta = start(whole, algorithm=algorithm)
    killed = RlhfFiles(model_folder, prompts, tmp_path / "killed", reward_function=FUNCTION)
    with pytest.raises(Killed):
        start(killed, Events(kill_at=("progress", 3)), algorithm=algorithm)
    events = Events()
    start(killed, events, algorithm=algorithm)
    assert [event["step"] for event in events.of("progress")] == [3, 4]
    name = "adapter/adapter_model.safetensors"
    assert (whole.out / name).read_bytes() == (killed.out / name).read_bytes()
    assert lines(whole.out / "metrics.jsonl") == lines(killed.out / "metrics.jsonl")
    assert meta["prompts"] == 3
    assert meta["dropped"] == {"repeated": 1}
    assert ("critic" in meta["models"]) == (algorithm == "ppo")
    assert start(whole, algorithm=algorithm) == json.loads((whole.out / "meta.json").read_text())


def test_gradient_checkpointing_keeps_less_of_policy_and_critic_and_changes_no_bit(
    model_folder: Path, prompts: Path, encoder: TextEncoder, tmp_path: Path
) -> None:
    row = pack_row([tiny.pair([5, 6, 7], [8] * 20, [9] * 20)], [0], share=False)
    kept, written = [], []
    for setting in ("off", "on"):
        files = RlhfFiles(model_folder, prompts, tmp_path / setting, reward_function=FUNCTION)
        config = RlhfConfig(**SETTINGS, algorithm="ppo", gradient_checkpointing=setting)
        folder, caller = RunFolder(tmp_path / f"{setting}, begun"), Caller(Events(), StopRequest())
        begun = _Run(files, config, folder, caller, encoder, [(5,)], Counter())
        assert begun.trainer.critic is not None
        kept.append([saved_bytes(each, row) for each in (begun.policy, begun.trainer.critic)])
        start(files, algorithm="ppo", steps=1, gradient_checkpointing=setting)
        written.append((files.out / "adapter" / "adapter_model.safetensors").read_bytes())
    assert all(less < more / 2 for more, less in zip(*kept, strict=True))
    assert written[0] == written[1]


def test_a_limit_of_memory_that_nobody_would_keep_is_refused() -> None:
    with pytest.raises(InputError, match="memory_limit_gib"):
        RlhfConfig(memory_limit_gib=1.0)
    with pytest.raises(InputError, match="gradient_checkpointing must be one of on, off"):
        RlhfConfig(gradient_checkpointing="auto")


def test_settings_that_would_do_nothing_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="to which loss would not apply"):
        RlhfConfig.from_mapping({"loss": "ipo"})
    changed: dict[str, Any] = {
        "evaluate_every": 5,
        "patience": 2,
        "probe_prompts": 3,
        "kl_budget": 1.0,
        "measured_noise": 0.1,
    }
    changed |= {"sft_weight": 0.1, "dpop_weight": 1.0, "tensorboard": True, "epochs": 3, "pairs_per_step": 4}
    for name, value in changed.items():
        assert name in ONLY_FOR_PAIRS
        with pytest.raises(InputError, match=f"to which {name} would not apply"):
            RlhfConfig(**{name: value})


def test_a_run_that_an_older_version_began_with_settings_that_did_nothing_goes_on_without_them(
    model_folder: Path, prompts: Path, tmp_path: Path
) -> None:
    files = RlhfFiles(model_folder, prompts, tmp_path, reward_function=FUNCTION)
    older = RlhfConfig(**SETTINGS).as_dict() | {"epochs": 3, "tensorboard": True, "memory_limit_gib": 2.0}
    finished = {"steps": 4}  # so that no model is needed
    for name, values in (("config", older), ("inputs", files.describe()), ("meta", finished)):
        (tmp_path / f"{name}.json").write_text(json.dumps(values))
    assert start(files) == finished
    with pytest.raises(InputError, match="its lora_rank is 2, not 3"):
        start(files, lora_rank=3)


def test_the_learning_rate_goes_from_warm_up_to_zero_over_the_steps() -> None:
    config = RlhfConfig(steps=10, warmup_ratio=0.2, learning_rate=1e-3)
    schedule = Schedule(config.each_step_once(), config.steps)
    assert schedule.steps == 10
    rates = [schedule.learning_rate(step) for step in range(1, 11)]
    assert max(rates) == pytest.approx(1e-3)
    assert rates[0] < rates[1] > rates[-1]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"samples_per_prompt": 1}, "online_dpo compares a prompt's samples"),
        ({"passes": 2}, "online_dpo learns from each sample once"),
        ({"whiten": True}, "whiten has no meaning for online_dpo"),
    ],
)
def test_settings_without_a_meaning_for_online_dpo_are_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        RlhfConfig(algorithm="online_dpo", **settings).check_samples()


def test_a_stop_writes_a_checkpoint_of_the_last_whole_step(model_folder: Path, prompts: Path, tmp_path: Path) -> None:
    files = RlhfFiles(model_folder, prompts, tmp_path, reward_function=FUNCTION)
    with pytest.raises(Cancelled, match="after step 1 of 4"):
        start(files, Events(stop_at=1))
    assert (tmp_path / "checkpoints" / "step-000001").is_dir()


def test_rewards_and_the_critics_start_come_from_a_reward_model(
    model_folder: Path, prompts: Path, tmp_path: Path
) -> None:
    data = write_pairs(tmp_path / "train.jsonl", 8)
    run(model_folder, data, tmp_path / "reward", kind=TrainingKind.REWARD_MODEL, evaluate_every=0, epochs=1)
    trained = tmp_path / "reward" / "reward_model"
    config = RunConfig(dtype="float32", device="cpu", threads=1, tokens_per_row=64)
    pairs = read_all(model_folder, data, config)
    expected = score_rewards(model_folder, trained, pairs, config, stop=StopRequest())
    samples = [Sample(pair.prompt_ids, ids) for pair in pairs.pairs for ids in (pair.chosen_ids, pair.rejected_ids)]
    found = ModelReward.load(model_folder, trained, config)(samples)
    assert found.tolist() == pytest.approx(expected.reshape(-1).tolist(), abs=1e-4)
    assert found.std() > 0
    files = RlhfFiles(model_folder, prompts, tmp_path / "out", reward_model=trained)
    meta = start(files, algorithm="ppo", steps=1)
    assert meta["models"][2:] == ["reward model", "critic"]
    assert meta["last"]["value_loss"] > 0


def test_a_function_reads_both_texts_without_special_tokens(encoder: TextEncoder) -> None:
    sample = Sample(
        encoder.encode_prompt([{"role": "user", "content": "Hi"}]), encoder.encode_completion("ab", ended=True)
    )
    seen: list[tuple[str, str]] = []
    FunctionReward(lambda *texts: float(seen.append(texts) or 1.0), encoder)([sample])  # type: ignore[func-returns-value]
    assert seen == [("user\nHi\nassistant\n", "ab")]


def test_a_reward_that_is_not_finite_ends_the_run(encoder: TextEncoder) -> None:
    with pytest.raises(Diverged, match="reward"):
        FunctionReward(lambda prompt, completion: float("nan"), encoder)([Sample((1,), (2,))])


@pytest.mark.parametrize("name", ["math", "math:", "no_such_module:f", "math:no_such_function", "math:pi"])
def test_a_function_that_is_not_there_is_refused(encoder: TextEncoder, name: str) -> None:
    with pytest.raises(InputError, match=name.partition(":")[0]):
        FunctionReward.load(name, encoder)


@pytest.mark.parametrize(
    ("function", "reason"),
    [(lambda prompt, completion: "long", "ValueError: could not convert"), (lambda prompt: 1.0, "TypeError: ")],
)
def test_a_function_that_fails_is_bad_input_with_its_own_traceback(
    encoder: TextEncoder, function: Any, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=f"the reward function raised {reason}"):
        FunctionReward(function, encoder)([Sample((1,), (2,))])
    assert "Traceback" in capsys.readouterr().err


def test_one_reward_must_be_named(model_folder: Path, prompts: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one reward"):
        start(RlhfFiles(model_folder, prompts, tmp_path))
    with pytest.raises(InputError, match="one reward"):
        start(RlhfFiles(model_folder, prompts, tmp_path, reward_model=tmp_path, reward_function=FUNCTION))


def test_several_processes_are_refused(
    model_folder: Path, prompts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="without torchrun"):
        start(RlhfFiles(model_folder, prompts, tmp_path, reward_function=FUNCTION))


def test_rloo_needs_two_samples_of_a_prompt(model_folder: Path, prompts: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="samples_per_prompt"):
        start(RlhfFiles(model_folder, prompts, tmp_path, reward_function=FUNCTION), samples_per_prompt=1)


def test_prompts_without_room_for_a_completion_are_dropped(model_folder: Path, prompts: Path, tmp_path: Path) -> None:
    files = RlhfFiles(model_folder, prompts, tmp_path, reward_function=FUNCTION)
    with pytest.raises(InputError, match="no usable prompt"):
        start(files, max_tokens=250)


def test_the_command_reports_and_the_page_lists_its_settings(
    model_folder: Path, prompts: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["rlhf", "--model", model_folder, "--data", prompts, "--out", tmp_path, "--reward", FUNCTION]
    settings = [f"--set={name}={value}" for name, value in {**SETTINGS, "steps": 1}.items()]
    assert main([*map(str, arguments), *settings]) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["started", "progress", "finished"]
    page = (Path(__file__).parents[4] / "docs" / "explanation" / "engine.md").read_text()
    assert as_table(RlhfConfig) in page
