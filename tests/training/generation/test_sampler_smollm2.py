"""The real model: it answers sensibly, and says the same again, alone or in company."""

from pathlib import Path

import pytest

from training.generation import EmbeddedSampler, GeneratedCompletion, GenerationRequest, Message, SamplingSettings
from training.generation.__main__ import main

QUESTIONS = ("What is the capital of France?", "How many days has a week?", "What colour is the sky on a clear day?")


@pytest.fixture(scope="module")
def sampler(smollm2: Path) -> EmbeddedSampler:
    return EmbeddedSampler(smollm2, batch_size=8)


def complete(sampler: EmbeddedSampler, requests: list[GenerationRequest]) -> dict[str, GeneratedCompletion]:
    outcomes = list(sampler.generate(requests))
    assert all(isinstance(outcome, GeneratedCompletion) for outcome in outcomes)
    return {outcome.key: outcome for outcome in outcomes if isinstance(outcome, GeneratedCompletion)}


def ask(text: str, *, seed: int = 0, key: str = "", settings: SamplingSettings) -> GenerationRequest:
    return GenerationRequest(key or text, [Message(role="user", content=text)], seed, settings)


def test_it_answers_a_simple_question_and_stops(sampler: EmbeddedSampler) -> None:
    greedy = SamplingSettings(temperature=0, max_tokens=60)
    answers = complete(sampler, [ask(question, settings=greedy) for question in QUESTIONS])
    capital = answers[QUESTIONS[0]]
    assert "Paris" in capital.text
    assert capital.finish_reason == "stop"
    assert capital.completion_ids[-1] == 2, "its end-of-turn token"
    assert "<|im_end|>" not in capital.text
    assert capital.logprob_sum is not None
    assert capital.logprob_sum < 0
    assert any(word in answers[QUESTIONS[1]].text.lower() for word in ("seven", "7"))
    assert "blue" in answers[QUESTIONS[2]].text.lower()


def test_sampled_text_is_repeatable_alone_and_in_company(smollm2: Path, sampler: EmbeddedSampler) -> None:
    settings = SamplingSettings(max_tokens=25)
    requests = [
        ask(question, seed=seed, key=f"{question} {seed}", settings=settings)
        for question in QUESTIONS
        for seed in (1, 2)
    ]
    together = complete(sampler, requests)
    alone = complete(EmbeddedSampler(smollm2, batch_size=1), requests[:1])
    key = requests[0].key
    assert alone[key].completion_ids == together[key].completion_ids
    assert alone[key].logprob_sum == pytest.approx(together[key].logprob_sum, abs=1e-3)
    assert complete(sampler, requests) == together
    assert len({one.text for one in together.values()}) == len(requests)


def test_the_command_samples(smollm2: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sample", str(smollm2), QUESTIONS[0], "-n", "2", "--max-tokens", "12", "--temperature", "0"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.out.count("Paris") == 2
    assert "tokens/s" in printed.err
    assert main(["sample", str(smollm2), "hi", "--temperature", "-1"]) == 2
    assert "temperature is -1" in capsys.readouterr().err
