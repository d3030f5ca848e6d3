"""Prepare the default model, or sample by hand.

python -m training.generation prepare DIR            writes SmolLM2-135M-Instruct to DIR, once
python -m training.generation sample DIR "Hello!"    completes a message; prints the speed
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from training.generation.contract import GenerationFailure, GenerationRequest, SamplingSettings
from training.generation.errors import GenerationError
from training.language_models.messages import Message


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 with a sentence on stderr where a command cannot be carried out."""
    parser = argparse.ArgumentParser(
        prog="python -m training.generation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    prepare = commands.add_parser("prepare", help="write the default model, unless it exists")
    prepare.add_argument("dir", type=Path, help="the folder to write")
    prepare.add_argument("--verify", action="store_true", help="compare every file's SHA-256 sum, not only its size")
    prepare.add_argument("--json", action="store_true", help="one JSON object on stdout")
    _add_sample(commands.add_parser("sample", help="complete one message"))
    options = parser.parse_args(arguments)
    try:
        return _prepare(options) if options.command == "prepare" else _sample(options)
    except GenerationError as error:
        print(error, file=sys.stderr)
        return 2


def _add_sample(sample: argparse.ArgumentParser) -> None:
    sample.add_argument("dir", type=Path, help="folder of the model")
    sample.add_argument("message", help="the user's message")
    sample.add_argument("--adapter", type=Path, help="folder of a PEFT adapter")
    sample.add_argument("--system", help="system prompt")
    sample.add_argument("-n", type=int, default=1, help="how many completions (seeds seed, seed + 1, ...)")
    sample.add_argument("--seed", type=int, default=0)
    sample.add_argument("--temperature", type=float, default=0.9)
    sample.add_argument("--top-p", type=float, default=1.0)
    sample.add_argument("--top-k", type=int, default=0)
    sample.add_argument("--max-tokens", type=int, default=256)


def _prepare(options: argparse.Namespace) -> int:
    from training.generation.default_model import prepare_model
    from training.generation.manifest import read_model_manifest

    started = time.monotonic()
    folder = prepare_model(options.dir, verify=options.verify)
    manifest = read_model_manifest(folder)
    assert manifest is not None  # prepare_model has just read it
    seconds = round(time.monotonic() - started, 2)
    if options.json:
        print(json.dumps({"dir": str(folder), "content_hash": manifest.content_hash, "seconds": seconds}))
    else:
        print(f"{manifest.name} is in {folder} ({seconds} s, content {manifest.content_hash[:16]}).")
    return 0


def _sample(options: argparse.Namespace) -> int:
    from training.generation.sampler import EmbeddedSampler

    settings = SamplingSettings(
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=options.top_k,
        max_tokens=options.max_tokens,
        system_prompt=options.system,
    )
    messages = [Message(role="user", content=options.message)]
    sampler = EmbeddedSampler(options.dir, adapter_dir=options.adapter)
    requests = (
        GenerationRequest(str(seed), messages, seed, settings) for seed in range(options.seed, options.seed + options.n)
    )
    started, tokens, failed = time.monotonic(), 0, 0
    for outcome in sampler.generate(requests):
        if isinstance(outcome, GenerationFailure):
            failed += 1
            print(outcome.reason, file=sys.stderr)
            continue
        tokens += len(outcome.completion_ids)
        print(f"--- seed {outcome.seed}, {len(outcome.completion_ids)} tokens, {outcome.finish_reason}\n{outcome.text}")
    seconds = time.monotonic() - started
    print(f"{tokens} tokens in {seconds:.1f} s: {tokens / seconds:.0f} tokens/s ({sampler.server})", file=sys.stderr)
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
