"""Records what the page of the story shows where nobody has trained a version yet: real samples at three distances from
the start, and the hidden reward of a pair token by token.

python -m benchmarks.story [--model DIR] [--steps 60] [--rate 1e-4]   writes training/lens/recorded.json
"""

import argparse
import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from labeling.exchange import Message, PreferencePair
from training.engine.config import RunConfig
from training.engine.events import StopRequest
from training.engine.lab import Lab
from training.engine.measuring.token_scores import token_values
from training.lens.lessons import LESSONS

OUT = Path("training/lens/recorded.json")
DISTANCES = (0.1, 2.0, 10.0)
"""In nats per completion."""
LESSON = next(lesson for lesson in LESSONS if lesson.key == "kindness")


def main() -> None:
    """Trains one pair step by step, and records the first samples at or beyond each distance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("var/models/smollm2-135m-instruct"))
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rate", type=float, default=1e-4)
    options = parser.parse_args()
    settings = {"dtype": "float32", "schedule": "constant", "warmup_ratio": 0.0, "probe_tokens": 24}
    config = RunConfig.from_mapping({**settings, "learning_rate": options.rate})
    pair = PreferencePair("story", [Message(role="user", content=LESSON.prompt)], LESSON.one, LESSON.other)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "pair.jsonl"
        data.write_bytes(pair.canonical_json() + b"\n")
        record = recorded(Lab(options.model, None, data, None, config), options.steps)
    record |= {"model": options.model.name, "rate": options.rate, "recorded_on": date.today().isoformat()}
    OUT.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def recorded(lab: Lab, steps: int) -> dict[str, Any]:
    """Samples at each distance, and the tokens of both sides at the second one, with the step of each."""
    start, tokens = _tokens(lab), None
    samples: list[dict[str, Any]] = []
    for _ in range(steps):
        lab.step()
        wrote = lab.writes()
        print(wrote["step"], round(wrote["kl"], 3), flush=True)
        if len(samples) < len(DISTANCES) and wrote["kl"] >= DISTANCES[len(samples)]:
            samples.append({"step": wrote["step"], "kl": round(wrote["kl"], 3), "texts": wrote["texts"]})
        if tokens is None and wrote["kl"] >= 1.0:
            tokens = {"step": wrote["step"], **_compared(lab, start)}
        if len(samples) == len(DISTANCES) and tokens is not None:
            break
    return {"samples": samples, "tokens": tokens}


def _tokens(lab: Lab) -> Any:
    return token_values(lab.policy, lab.learned, lab.config, StopRequest())[0]


def _compared(lab: Lab, start: Any) -> dict[str, list[list[Any]]]:
    """[text, log-probability now, log-probability at the start] of every token of both sides."""
    tokenizer = lab.encoder.tokenizer
    return {
        name: [
            [tokenizer.decode([token]), round(float(now), 4), round(float(before), 4)]
            for token, now, before in zip(ids, values, reference, strict=True)
        ]
        for name, ids, values, reference in zip(
            ("chosen", "rejected"), lab.learned[0].scored_ids, _tokens(lab), start, strict=True
        )
    }


if __name__ == "__main__":
    main()
