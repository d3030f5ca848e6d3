"""The policy's own completions and its drift: figures by hand, and in a run."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.data.text import TextEncoder
from training.engine.learning.reference import ReferenceModel
from training.engine.measuring.probes import Probes, drift_of, refuses, repeated, text_figures
from training.engine.measuring.sampling import sample
from training.engine.model.lora import AdapterShape

PROBED: dict[str, Any] = {"probe_prompts": 4, "probe_tokens": 6, "evaluate_every": 2, "checkpoint_every": 2}
NAMES = ("kl", "kl_k3", "kl_per_token", "entropy", "samples", "sample_length", "sample_ended", "sample_refusals")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


def test_the_drift_of_two_distributions_by_hand() -> None:
    p, q = torch.tensor([[0.5, 0.25, 0.25]]), torch.tensor([[0.25, 0.25, 0.5]])
    kl, k3, entropy = drift_of(p.log(), q.log(), torch.tensor([0])).tolist()
    assert kl == pytest.approx(0.5 * math.log(2) + 0.25 * math.log(0.5))
    assert k3 == pytest.approx((0.5 - 1) - math.log(0.5))
    assert entropy == pytest.approx(1.5 * math.log(2))


def test_k3_is_the_kl_on_average_over_the_policys_own_draws() -> None:
    torch.manual_seed(0)
    p, q = (torch.log_softmax(torch.randn(1, 30, dtype=torch.float64), dim=1) for _ in range(2))
    estimates = [drift_of(p, q, torch.tensor([token]))[1].item() for token in range(30)]
    assert min(estimates) >= 0
    mean = sum(float(p[0, token].exp()) * estimate for token, estimate in enumerate(estimates))
    assert mean == pytest.approx(drift_of(p, q, torch.tensor([0]))[0].item(), rel=1e-12)


def test_kl_and_entropy_of_a_policy_are_the_oracles(encoder: TextEncoder) -> None:
    built = tiny.widen(tiny.model())
    policy = tiny.policy_of(built)
    probes = Probes(
        policy, [(1, 2, 3), (7, 8), (1, 2, 3)], encoder, max_tokens=5, seed=0, as_reference=policy.adapter.switched_off
    )
    assert len(probes.prompts) == 2
    figures = probes.measure()
    completions = sample(policy, probes.prompts, eos_ids=encoder.eos_ids, max_tokens=5, seed=0)
    oracle, kl, entropy, k3 = tiny.Oracle(built, policy), 0.0, 0.0, 0.0
    for prompt, completion in zip(probes.prompts, completions, strict=True):
        ids = torch.tensor([prompt + completion])
        both = []
        for weights in (oracle.weights, {}):
            logits = torch.func.functional_call(
                oracle.model, weights, args=(), kwargs={"input_ids": ids, "use_cache": False}
            ).logits
            both.append(torch.log_softmax(logits[0, len(prompt) - 1 : -1], dim=1).detach())
        p, q = both
        kl += float((p.exp() * (p - q)).sum())
        entropy -= float((p.exp() * p).sum())
        log_r = (q - p).gather(1, torch.tensor(completion)[:, None])
        k3 += float((log_r.exp() - 1 - log_r).sum())
    tokens = sum(map(len, completions))
    assert figures["kl"] == pytest.approx(kl / 2, rel=1e-9)
    assert figures["kl"] > 0.01
    assert figures["kl_k3"] == pytest.approx(k3 / 2, rel=1e-9)
    assert figures["kl_per_token"] == pytest.approx(kl / tokens, rel=1e-9)
    assert figures["entropy"] == pytest.approx(entropy / tokens, rel=1e-9)


def test_what_was_written_is_described(encoder: TextEncoder) -> None:
    def tokens(text: str, *, ended: bool = True) -> tuple[int, ...]:
        return encoder.encode_completion(text, ended=ended)

    figures = text_figures(
        [tokens("I cannot help."), tokens("abab" * 4, ended=False), tokens("fine"), tokens("ok")], encoder
    )
    assert (figures["samples"], figures["sample_ended"], figures["sample_refusals"]) == (4, 0.75, 0.25)
    assert figures["sample_length"] == (15 + 16 + 5 + 3) / 4
    assert 15 < figures["sample_length_p95"] <= 16
    assert figures["sample_repeats"] == pytest.approx((13 - 2) / 13 / 4)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("I'm sorry, but I can’t do that.", True),
        ("As an AI language model, I ...", True),
        ("I am unable to help with it.", True),
        ("Sure! I can help.", False),
        ("She said: cannot, will not.", False),
        ("x" * 200 + " I cannot", False),
    ],
)
def test_a_refusal_is_known_by_how_it_begins(text: str, refused: bool) -> None:
    assert refuses(text) is refused


def test_repetition_is_the_share_of_ngrams_that_were_there_before() -> None:
    assert repeated([1, 2, 3]) == 0.0
    assert repeated([1] * 7) == 0.75
    assert repeated(range(20)) == 0.0


def test_a_run_reports_the_drift_of_what_it_writes_and_a_policy_that_has_not_moved_has_none(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    events = Events()
    meta = workshop.run(model_folder, data, tmp_path / "out", events, **PROBED)
    evaluated = events.of("evaluated")
    assert all(name in record for record in evaluated for name in NAMES)
    assert meta["test"]["kl"] == next(one["kl"] for one in evaluated if one["step"] == meta["best_step"])
    assert evaluated[-1]["kl"] > evaluated[0]["kl"] > 0
    still = Events()
    workshop.run(model_folder, data, tmp_path / "still", still, **PROBED, learning_rate=1e-30)
    assert {record["kl"] for record in still.of("evaluated")} == {0.0}


def test_after_a_parent_the_drift_is_from_the_parent_or_from_the_base_as_the_run_says(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    parent = tmp_path / "parent"
    parent.mkdir()
    shape = workshop.SETTINGS["lora_rank"], workshop.SETTINGS["lora_alpha"], tiny.SHAPE.target_modules
    built = AutoModelForCausalLM.from_pretrained(model_folder)
    policy = tiny.policy_of(built, dtype=torch.float32, shape=AdapterShape(*shape))
    tiny.save_adapter(parent, policy, base_model="base")
    first: dict[str, Any] = {}
    for reference in ("start", "base"):
        events = Events()
        settings = {**PROBED, "reference": reference, "learning_rate": 1e-30, "epochs": 1}
        workshop.run(model_folder, data, tmp_path / reference, events, adapter=parent, **settings)
        first[reference] = events.of("progress")[0]["margin"], events.of("evaluated")[0]["kl"]
    assert first["start"] == (0.0, 0.0)
    assert first["base"][0] != 0.0
    assert first["base"][1] > 0.01


def test_probes_change_nothing_about_the_training_and_a_killed_run_measures_the_same(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    workshop.run(model_folder, data, tmp_path / "plain", **{**PROBED, "probe_prompts": 0})
    workshop.run(model_folder, data, tmp_path / "probed", **PROBED)
    name = "checkpoints/step-000004/adapter_model.safetensors"
    assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "probed" / name).read_bytes()
    with pytest.raises(Killed):
        workshop.run(model_folder, data, tmp_path / "killed", Events(kill_at=("progress", 4)), **PROBED)
    workshop.run(model_folder, data, tmp_path / "killed", **PROBED)
    metrics = [
        workshop.without_times(workshop.lines(tmp_path / each / "metrics.jsonl")) for each in ("probed", "killed")
    ]
    assert metrics[0] == metrics[1]


def test_a_run_stops_when_it_has_drifted_beyond_its_budget_and_ends_with_the_best_within_it(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {**PROBED, "evaluate_every": 1, "epochs": 4, "learning_rate": 0.02}
    workshop.run(model_folder, data, tmp_path / "free", **settings)
    drifts = {one["step"]: one["kl"] for one in workshop.lines(tmp_path / "free" / "metrics.jsonl") if "kl" in one}
    budget = sorted(drifts.values())[len(drifts) // 2]
    meta = workshop.run(model_folder, data, tmp_path / "bound", **settings, kl_budget=budget)
    first_beyond = min(step for step, kl in drifts.items() if kl > budget)
    assert meta["steps"] == first_beyond < 12
    assert "beyond the budget" in meta["stopped_because"]
    assert meta["best_step"] < first_beyond
    assert meta["test"]["kl"] <= budget
    assert json.loads((tmp_path / "bound" / "meta.json").read_text())["stopped_early"] is True


def test_a_reference_in_place_is_taken_out_again_even_by_an_error() -> None:
    policy = tiny.policy_of(tiny.model())
    parameters = list(policy.adapter.parameters().values())
    model = ReferenceModel(policy, parameters, is_base=False, keep=True)
    before = [each.detach().clone() for each in parameters]
    with torch.no_grad():
        for each in parameters:
            each.add_(1.0)

    def fail_inside() -> None:
        with model.in_place():
            assert all(torch.equal(each, start) for each, start in zip(parameters, before, strict=True))
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert all(torch.equal(each, start + 1.0) for each, start in zip(parameters, before, strict=True))
