"""Sources of completions: a server, or the embedded sampler in a process of its own.

The sampler is not loaded into the worker. A model in a worker's memory would stay there, in the way of the next
training, and its CUDA context could not be released. As a child it costs a few seconds for each job and version, and
its memory is released when it ends, however it ends.
"""

import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from django.conf import settings
from django.utils.translation import gettext_noop as _

from common.processes import LineChild, tail
from common.sentences import Sentence
from common.storage import artifacts
from training.generation import (
    GeneratedCompletion,
    GenerationFailure,
    GenerationRequest,
    ModelNotUsable,
    SamplingSettings,
)
from training.models import ModelVersion
from training.versions import files

if TYPE_CHECKING:
    from training.language_models.prompt_tokens import PromptTokens

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
EXIT_NOT_USABLE = 2  # of training.generation.embedded_sampler; importing that module would load the sampler


class SamplerDied(RuntimeError):
    """The sampler's process ended with requests open; the message has the end of its log."""


class Source(Protocol):
    """A writer of completions, such as `training.generation.Generator`."""

    def generate(
        self, requests: Iterable[GenerationRequest], *, should_stop: Callable[[], bool] = ...
    ) -> Iterator[GeneratedCompletion | GenerationFailure]:
        """Yields completions and failures, in any order."""


SourceOf = Callable[[ModelVersion], AbstractContextManager[Source]]
"""Opens the source of a version."""


def open_source(version: ModelVersion) -> AbstractContextManager[Source]:
    """The source for a version: the servers that GENERATOR_URL names, else the embedded sampler.

    Raises VersionDamaged if the version's files are not those that were registered.
    """
    adapter = Path(version.adapter_dir) if version.adapter_dir else None
    if settings.GENERATOR_URLS:
        from training.generation import OpenAIGenerator  # loads an HTTP client, needed only with a server

        files.check_adapter(version)
        return nullcontext(
            OpenAIGenerator(
                settings.GENERATOR_URLS,
                model=version.name,
                adapter_dir=adapter,
                api_key=settings.GENERATOR_API_KEY,
                concurrency=settings.GENERATOR_CONCURRENCY,
                prompts=_prompt_tokens(version),
            )
        )
    files.check_version(version)
    return SamplerProcess(Path(version.base_dir), adapter_dir=adapter, identifier=version.name)


def _prompt_tokens(version: ModelVersion) -> "PromptTokens | None":
    """Protects prompts that spell control tokens; None where this machine lacks the version's tokenizer."""
    from training.language_models.prompt_tokens import PromptTokens  # loads a tokenizer, needed only with a server

    try:
        return PromptTokens.from_directory(artifacts.fetch_texts(Path(version.base_dir)))
    except (OSError, ValueError) as error:
        logger.warning("Prompts that spell control tokens are not protected: %s", error)
        return None


class SamplerProcess:
    """The embedded sampler of one model version, in a child process. A context manager that ends the child."""

    def __init__(self, model_dir: Path, *, adapter_dir: Path | None, identifier: str) -> None:
        command = [sys.executable, "-m", "training.generation.embedded_sampler", "--model", str(model_dir)]
        command += ["--adapter", str(adapter_dir)] if adapter_dir else []
        self._folder = tempfile.TemporaryDirectory(prefix="sampler-")
        log = Path(self._folder.name) / "sampler.log"
        self.child = LineChild([*command, "--identifier", identifier], log=log, feedable=True)

    def generate(
        self, requests: Iterable[GenerationRequest], *, should_stop: Callable[[], bool] = lambda: False
    ) -> Iterator[GeneratedCompletion | GenerationFailure]:
        """Yields the outcome of every request. Raises SamplerDied, ModelNotUsable.

        should_stop: is called at least every second. Requests are taken as fast as the child reads them, so memory does
        not grow with their number.
        """
        waiting = _Waiting(requests)
        while not self.child.ended_output:
            messages = self.child.messages(TICK_SECONDS, waiting)
            for message in messages:
                outcome = _outcome(message)
                waiting.keys.discard(outcome.key)
                yield outcome
            if should_stop():
                return
        code = self.child.wait()
        if code == EXIT_NOT_USABLE:
            raise ModelNotUsable(tail(self.child.log, 1))
        if waiting.keys or code != 0:
            details = {"code": code, "count": len(waiting.keys), "log": tail(self.child.log, 5)}
            text = _("The sampler ended with code %(code)s and %(count)s requests open: %(log)s")
            raise SamplerDied(Sentence(text, details))

    def close(self) -> None:
        """Ends the child."""
        self.child.process.kill()
        self.child.__exit__(None, None, None)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Waiting:
    """Requests as lines for the child, and the keys of those that it has not answered yet."""

    def __init__(self, requests: Iterable[GenerationRequest]) -> None:
        self._requests = iter(requests)
        self.keys: set[str] = set()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        request = next(self._requests)
        self.keys.add(request.key)
        values = {
            "key": request.key,
            "messages": list(request.messages),
            "seed": request.seed,
            "settings": request.settings.as_dict(),
        }
        return (json.dumps(values) + "\n").encode()


def _outcome(message: dict[str, Any]) -> GeneratedCompletion | GenerationFailure:
    if "failure" in message:
        return GenerationFailure(**message["failure"])
    values = message["completion"]
    return GeneratedCompletion(**{**values, "settings": SamplingSettings(**values["settings"])})
