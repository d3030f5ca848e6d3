"""A source of completions that answers as told."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext

from training.generation import GeneratedCompletion, GenerationFailure, GenerationRequest
from training.jobs.sampler import Source
from training.models import ModelVersion

Outcome = GeneratedCompletion | GenerationFailure


class Scripted:
    """`answer` gets the request and how often that key was asked before."""

    def __init__(self, answer: Callable[[GenerationRequest, int], str | Outcome | Exception]) -> None:
        self.answer = answer
        self.asked: list[GenerationRequest] = []
        self.version = ""

    def generate(
        self, requests: Iterable[GenerationRequest], *, should_stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Outcome]:
        for request in requests:
            before = sum(earlier.key == request.key for earlier in self.asked)
            self.asked.append(request)
            answer = self.answer(request, before)
            if isinstance(answer, Exception):
                raise answer
            yield written(request, answer, self.version) if isinstance(answer, str) else answer
            if should_stop():
                return

    def source(self, version: ModelVersion) -> AbstractContextManager[Source]:
        self.version = version.name
        return nullcontext(self)


def written(request: GenerationRequest, text: str, version: str = "tiny-base") -> GeneratedCompletion:
    return GeneratedCompletion(
        key=request.key,
        text=text,
        prompt_ids=[1, 2],
        completion_ids=[3, 4],
        finish_reason="stop",
        logprob_sum=-1.5,
        seed=request.seed,
        settings=request.settings,
        model=version,
        server="scripted",
        tokens_read=2,
        tokens_written=2,
    )
