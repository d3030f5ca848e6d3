"""The overhead of the platform on top of the generator.

vllm      end-to-end tokens/s of a generation job (HTTP, log-probabilities, database) against vLLM's offline `LLM.chat`
          on the same prompts, seeds and settings; both engines loaded, in turns. Needs `make vllm-install`.
embedded  the embedded sampler against plain `model.generate` in batches, same prompts and settings, in turns
stub      10,000 prompts x 2 from an HTTP server that answers at once: completions stored per second, memory

    python -m benchmarks.generation                    all three; about 15 minutes on two cores
    python -m benchmarks.generation stub --prompts 2000
"""

import argparse
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.generating.processes import answers, base_model, child, demo_prompts, django_for, wait_for
from benchmarks.load.system import free_port
from config.embedded.__main__ import with_services
from config.embedded.var import PROJECT_DIR

PARTS = ("vllm", "embedded", "stub")
VLLM_PYTHON = PROJECT_DIR / ".venv-vllm" / "bin" / "python"


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help="of the above; default: all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prompts", type=int, help="default: 96 for vllm, 24 for embedded, 10,000 for stub")
    parser.add_argument("--max-tokens", type=int, default=96)
    parser.add_argument("--top-p", type=float, default=1.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report: dict[str, Any] = {}

    def run() -> None:
        for part in options.parts or PARTS:
            report[part] = {"vllm": measure_vllm, "embedded": measure_embedded, "stub": measure_stub}[part](options)

    code = with_services(run, ephemeral=True)
    if code == 0:
        print(json.dumps(report, indent=1) if options.json else "\n\n".join(in_words(report)))
    return code


# --- vLLM, served and offline ---


def measure_vllm(options: argparse.Namespace) -> dict[str, Any]:
    """Rounds of a job over the server and of `LLM.chat`; which of them begins alternates too."""
    if not VLLM_PYTHON.exists():
        raise SystemExit("vLLM is not installed. Install it with: make vllm-install")
    model = base_model()
    prompts = demo_prompts(options.prompts or 96)
    settings = {"temperature": 0.8, "top_p": options.top_p, "top_k": 0, "max_tokens": options.max_tokens}
    port = free_port()
    with vllm_server(model, port), offline_vllm(model) as ask:
        django_for(f"http://127.0.0.1:{port}/v1")
        from benchmarks.generating import campaigns

        campaigns.make_tables()
        version = campaigns.version_named("smollm2-135m-instruct", model)
        turns: dict[str, list[float]] = {"platform": [], "offline": []}

        def platform(number: int) -> float:
            campaign = campaigns.campaign_with(prompts, f"Round {number}")
            done = campaigns.do_job(campaign, version, settings=settings, seed=number)
            return float(done["tokens"] / done["seconds"])

        def offline(number: int) -> float:
            task = {
                "messages": prompts,
                "seeds": [1000 * number + 2 * place for place in range(len(prompts))],
                "settings": {**settings, "n": 2},
            }
            done = ask(task)
            return float(done["tokens"] / done["seconds"])

        for number in range(options.rounds + 1):
            order = [("platform", platform), ("offline", offline)]
            for name, turn in order if number % 2 else reversed(order):
                rate = turn(number)
                _say(f"{'warm-up' if not number else f'round {number}'}: {name} {rate:.1f} tokens/s")
                if number:
                    turns[name].append(rate)
    ratios = [ours / theirs for ours, theirs in zip(turns["platform"], turns["offline"], strict=True)]
    return {
        "prompts": len(prompts),
        "settings": settings,
        "tokens_per_second": {name: statistics.median(rates) for name, rates in turns.items()},
        "rounds": turns,
        "ratio": statistics.median(ratios),
        "ratios": ratios,
    }


@contextmanager
def vllm_server(model: Path, port: int) -> Iterator[None]:
    """The server as `make vllm` starts it."""
    environment = {**os.environ, "VLLM_PORT": str(port), "VLLM_MODEL": str(model)}
    command = [str(PROJECT_DIR / "scripts" / "vllm.sh"), str(VLLM_PYTHON)]
    with child(command, environment, "vllm-server") as process:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), process)
        yield


@contextmanager
def offline_vllm(model: Path) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
    """`LLM.chat` in a separate process; yields a function that sends it a task."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
    program = PROJECT_DIR / "benchmarks" / "generating" / "offline.py"
    with child([str(VLLM_PYTHON), str(program), str(model)], environment, "vllm-offline", talks=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        if not stdout.readline():
            raise RuntimeError("The offline engine did not start; see var/log/vllm-offline.log")

        def ask(task: dict[str, Any]) -> dict[str, Any]:
            stdin.write((json.dumps(task) + "\n").encode())
            stdin.flush()
            return dict(json.loads(stdout.readline()))

        yield ask


# --- The embedded sampler and plain generate ---


def measure_embedded(options: argparse.Namespace) -> dict[str, Any]:
    """Rounds of the sampler and of `model.generate` on batches in the given order, two completions per prompt."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from training.generation import EmbeddedSampler, GeneratedCompletion, GenerationRequest, SamplingSettings

    model, prompts = base_model(), demo_prompts(options.prompts or 24)
    settings = SamplingSettings(temperature=0.8, top_p=options.top_p, max_tokens=options.max_tokens)
    sampler = EmbeddedSampler(model)
    dtype = sampler._loaded.model.dtype
    tokenizer = AutoTokenizer.from_pretrained(model, padding_side="left")
    plain = AutoModelForCausalLM.from_pretrained(model, dtype=dtype).eval()

    def ours(number: int) -> float:
        requests = (
            GenerationRequest(f"{place}:{side}", messages, 1000 * number + 2 * place + side, settings)  # type: ignore[arg-type]
            for place, messages in enumerate(prompts)
            for side in range(2)
        )
        started = time.perf_counter()
        written = [one for one in sampler.generate(requests) if isinstance(one, GeneratedCompletion)]
        return sum(len(one.completion_ids) for one in written) / (time.perf_counter() - started)

    def theirs(number: int) -> float:
        torch.manual_seed(number)
        wanted = [messages for messages in prompts for _ in range(2)]
        started, tokens = time.perf_counter(), 0
        for start in range(0, len(wanted), 16):
            batch: Any = tokenizer.apply_chat_template(
                wanted[start : start + 16],
                add_generation_prompt=True,
                padding=True,
                return_tensors="pt",
                return_dict=True,
            )
            with torch.inference_mode():
                answer = plain.generate(
                    **batch,
                    do_sample=True,
                    temperature=settings.temperature,
                    top_p=settings.top_p,
                    top_k=0,
                    max_new_tokens=settings.max_tokens,
                )
            new = answer[:, batch["input_ids"].shape[1] :]
            tokens += int((new != tokenizer.pad_token_id).sum())
        return tokens / (time.perf_counter() - started)

    turns: dict[str, list[float]] = {"embedded": [], "generate": []}
    for number in range(options.rounds):
        for name, turn in (("embedded", ours), ("generate", theirs)):
            rate = turn(number)
            _say(f"round {number + 1}: {name} {rate:.1f} tokens/s")
            turns[name].append(rate)
    ratios = [ours / theirs for ours, theirs in zip(turns["embedded"], turns["generate"], strict=True)]
    return {
        "prompts": len(prompts),
        "dtype": str(dtype),
        "tokens_per_second": {name: statistics.median(rates) for name, rates in turns.items()},
        "rounds": turns,
        "ratio": statistics.median(ratios),
    }


# --- A server that answers at once ---


def measure_stub(options: argparse.Namespace) -> dict[str, Any]:
    """One job over a stub server in another process; samples this process's memory twice a second."""
    count, port = options.prompts or 10_000, free_port()
    command = [sys.executable, "-m", "benchmarks.generating.stub_server", str(port), "60"]
    with child(command, dict(os.environ), "stub-server") as process:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/v1/models"), process)
        django_for(f"http://127.0.0.1:{port}/v1")
        from benchmarks.generating import campaigns

        campaigns.make_tables()
        version = campaigns.version_named("stub", base_model())
        prompts = [[{"role": "user", "content": f"What is {number} plus {number % 7}?"}] for number in range(count)]
        campaign = campaigns.campaign_with(prompts, "Stub")
        before = campaigns.resident_mb()
        with memory_samples() as samples:
            done = campaigns.do_job(campaign, version, settings={"max_tokens": 64}, seed=1)
        from labeling.models import Completion

        in_database = Completion.objects.filter(prompt__campaign=campaign).count()
    half = len(samples) // 2
    return {
        "prompts": count,
        "completions": in_database,
        "dropped": done["dropped"],
        "seconds": done["seconds"],
        "completions_per_second": in_database / done["seconds"],
        "memory_mb": {
            "before": before,
            "most_in_first_half": max(samples[: half or 1]),
            "most_in_second_half": max(samples[half:]),
        },
    }


@contextmanager
def memory_samples() -> Iterator[list[float]]:
    """This process's resident memory in MB, sampled twice a second during the block."""
    own, over = psutil.Process(), threading.Event()
    samples = [own.memory_info().rss / 1e6]

    def watch() -> None:
        while not over.wait(0.5):
            samples.append(own.memory_info().rss / 1e6)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def in_words(report: dict[str, Any]) -> Iterator[str]:
    """The figures as text."""
    for part, names in (("vllm", ("platform", "offline")), ("embedded", ("embedded", "generate"))):
        if part in report:
            rates = report[part]["tokens_per_second"]
            yield (
                f"{report[part]['prompts']} prompts x 2: {names[0]} {rates[names[0]]:.0f} tokens/s, "
                f"{names[1]} {rates[names[1]]:.0f} tokens/s, ratio {report[part]['ratio']:.2f}"
            )
    if "stub" in report:
        stub, memory = report["stub"], report["stub"]["memory_mb"]
        yield (
            f"stub server, {stub['prompts']:,} prompts x 2: {stub['completions']:,} completions in "
            f"{stub['seconds']:.1f} s, {stub['completions_per_second']:.0f} per second; memory "
            f"{memory['before']:.0f} MB before, at most {memory['most_in_first_half']:.0f} in the first half and "
            f"{memory['most_in_second_half']:.0f} in the second"
        )


if __name__ == "__main__":
    sys.exit(main())
