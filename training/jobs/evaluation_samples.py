"""The samples that a version writes for its evaluation: at temperature 1 without cut-offs, as its drift needs them."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labeling.actions.prompts import storable
from labeling.exchange import PreferencePair
from training.generation import GeneratedCompletion, GenerationRequest, GeneratorUnavailable, SamplingSettings
from training.jobs.sampler import SamplerDied, open_source
from training.models import ModelVersion

# Servers that made room for a run start again, which takes a minute on a CPU.
SERVERS_COME_BACK_SECONDS = 300.0
PAUSE_SECONDS = 5.0
MOST_TRIES = 3


def write_samples(
    version: ModelVersion,
    prompts: Sequence[PreferencePair],
    settings: Mapping[str, Any],
    *,
    should_stop: Callable[[], bool],
    wrote: Callable[[int], None],
) -> list[dict[str, Any]]:
    """One sample for each prompt, those that fail left out; every version has the same draws.

    A sampler that dies is started again; servers may still be starting. settings: prompts, max_tokens and seed of the
    evaluation. wrote: called with the number of samples that are written. Ends early once should_stop returned True.
    Raises SamplerDied, GeneratorUnavailable, ModelNotUsable, VersionDamaged, InvalidRequest.
    """
    sampling = SamplingSettings(temperature=1.0, top_p=1.0, max_tokens=int(settings["max_tokens"]))
    requests = {
        pair.id: GenerationRequest(pair.id, pair.prompt, int(settings["seed"]) + number, sampling)
        for number, pair in enumerate(prompts)
    }
    written: dict[str, dict[str, Any]] = {}
    missing, tries, until = dict(requests), 0, time.monotonic() + SERVERS_COME_BACK_SECONDS
    while missing and not should_stop():
        tries += 1
        try:
            with open_source(version) as source:
                for outcome in source.generate(list(missing.values()), should_stop=should_stop):
                    missing.pop(outcome.key, None)
                    if isinstance(outcome, GeneratedCompletion):
                        written[outcome.key] = _as_json(outcome, requests[outcome.key])
                    wrote(len(written))
        except SamplerDied:
            if tries >= MOST_TRIES:
                raise
        except GeneratorUnavailable:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS)
    return [written[key] for key in requests if key in written]


def _as_json(completion: GeneratedCompletion, request: GenerationRequest) -> dict[str, Any]:
    return {
        "id": completion.key,
        "prompt": list(request.messages),
        "text": storable(completion.text),
        "prompt_ids": completion.prompt_ids,
        "completion_ids": completion.completion_ids,
        "tokens": len(completion.completion_ids) or completion.tokens_written,
        "ended": completion.finish_reason == "stop",
    }
