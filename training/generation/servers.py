"""Completions from one server or several: many requests at a time, each sent to the least busy server.

A server that cannot be reached is left out and tried again after a pause that doubles; when it is back, it is first
made to serve the model again, because a restarted vLLM has forgotten its adapters.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from training.generation.contract import GenerationFailure, GenerationRequest, Outcome, never
from training.generation.errors import GenerationError, GeneratorUnavailable, ModelForgotten, ModelNotUsable
from training.generation.server import ModelServer
from training.language_models.prompt_tokens import PromptTokens

DEFAULT_CONCURRENCY = 48
DEFAULT_TIMEOUT_SECONDS = 300.0
RETRIES = 4
POLL_SECONDS = 0.2
AHEAD = 3  # requests prepared for each one sent, so that writing results does not keep a server waiting
LARGEST_GROUP = 64
RELOADS = 3  # of the model for one request
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

_Pending = Future[list[Outcome]]


class _Member:
    """A server and its state."""

    def __init__(self, server: ModelServer) -> None:
        self.server = server
        self.is_ready = False  # serves our model, as far as we know
        self.is_checked = False  # a thread is finding out whether it is back
        self.outstanding = 0
        self.pause = FIRST_PAUSE_SECONDS  # doubled each time
        self.next_check_at = 0.0
        self.trouble: GenerationError | None = None


class OpenAIGenerator:
    """A `Generator` over HTTP with at most `concurrency` requests at a time, taken as there is room for them."""

    def __init__(
        self,
        base_urls: str | Sequence[str],
        *,
        model: str,
        adapter_dir: Path | None = None,
        api_key: str = "",
        concurrency: int = DEFAULT_CONCURRENCY,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        retries: int = RETRIES,
        prompts: PromptTokens | None = None,
    ) -> None:
        """`base_urls` end in /v1, as the server's maker gives it; `timeout` in seconds is for one request.

        `adapter_dir`: the folder of a model that is an adapter; a vLLM that does not serve it yet loads it from there.
        `prompts` protects prompts that spell a control token of the model, where the server takes token ids.
        """
        addresses = [base_urls] if isinstance(base_urls, str) else list(base_urls)
        self.identifier, self._adapter_dir, self._concurrency = model, adapter_dir, concurrency
        options: dict[str, Any] = {"api_key": api_key, "timeout": timeout, "retries": retries, "prompts": prompts}
        self._members = [_Member(ModelServer(url, connections=concurrency, **options)) for url in addresses]
        self._lock = threading.Condition()

    def generate(
        self, requests: Iterable[GenerationRequest], *, should_stop: Callable[[], bool] = never
    ) -> Iterator[Outcome]:
        """Yields one outcome per request as they finish.

        Consecutive requests that differ only in their seeds, s, s + 1, ..., are one request to a vLLM. Raises
        GeneratorUnavailable as soon as no server can be reached, ModelNotUsable where none can serve the model.
        """
        self.ensure_served()
        waiting, pending = _groups(requests), set[_Pending]()
        ended: SimpleQueue[_Pending] = SimpleQueue()
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="generation")
        trouble: GenerationError | None = None
        try:
            while not should_stop():
                while trouble is None and len(pending) < AHEAD * self._concurrency and (group := next(waiting, None)):
                    future = pool.submit(self._complete, group)
                    pending.add(future)
                    future.add_done_callback(ended.put)
                if not pending:
                    break
                for future in _take(ended):
                    if future.cancelled():
                        continue
                    pending.discard(future)
                    try:
                        yield from future.result()
                    except (GeneratorUnavailable, ModelNotUsable) as error:
                        # Requests that another server is still answering are waited for, not sent twice.
                        trouble = trouble or error
                        pending = {other for other in pending if not other.cancel()}
            if trouble is not None:
                raise trouble
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def ensure_served(self) -> None:
        """Makes sure that a server serves our model. Raises GeneratorUnavailable, ModelNotUsable."""
        with ThreadPoolExecutor(len(self._members)) as pool:
            list(pool.map(self._prepare, self._members))
        if not any(member.is_ready for member in self._members):
            raise self._trouble()

    def _complete(self, group: list[GenerationRequest]) -> list[Outcome]:
        """The outcomes of a group, from any server that can be reached. Raises GeneratorUnavailable, ModelNotUsable."""
        forgotten = 0
        while True:
            with self._least_busy() as member:
                if not member.is_ready and not self._prepare(member):
                    continue
                try:
                    return member.server.complete(self.identifier, group)
                except GeneratorUnavailable as error:
                    self._leave_out(member, error)
                except ModelForgotten as error:
                    forgotten += 1
                    if forgotten > RELOADS:
                        return [GenerationFailure(request.key, str(error), retryable=True) for request in group]
                    with self._lock:
                        member.is_ready = False  # the next thread to take it makes it serve the model again

    @contextmanager
    def _least_busy(self) -> Iterator[_Member]:
        """Takes the server with the fewest pending requests. Raises if all servers are left out."""
        with self._lock:
            while not (usable := [member for member in self._members if self._is_usable(member)]):
                if not any(member.is_checked for member in self._members):
                    raise self._trouble()
                self._lock.wait(POLL_SECONDS)
            member = min(usable, key=lambda one: one.outstanding)
            checks = not member.is_ready  # this thread finds out whether it is back; others take another server
            member.is_checked = member.is_checked or checks
            member.outstanding += 1
        try:
            yield member
        finally:
            with self._lock:
                member.outstanding -= 1
                if checks:
                    member.is_checked = False
                self._lock.notify_all()

    @staticmethod
    def _is_usable(member: _Member) -> bool:
        return member.is_ready or (not member.is_checked and member.next_check_at <= time.monotonic())

    def _prepare(self, member: _Member) -> bool:
        try:
            member.server.ensure_served(self.identifier, self._adapter_dir)
        except (GeneratorUnavailable, ModelNotUsable) as error:
            self._leave_out(member, error)
            return False
        with self._lock:
            member.is_ready, member.pause, member.trouble = True, FIRST_PAUSE_SECONDS, None
            self._lock.notify_all()
        return True

    def _leave_out(self, member: _Member, error: GenerationError) -> None:
        with self._lock:
            member.is_ready, member.trouble = False, error
            member.next_check_at = time.monotonic() + member.pause
            member.pause = min(2 * member.pause, LONGEST_PAUSE_SECONDS)

    def _trouble(self) -> GenerationError:
        """Why no server can be used. An unreachable one comes first, because waiting may help."""
        troubles = [member.trouble for member in self._members if member.trouble is not None]
        passing = [trouble for trouble in troubles if isinstance(trouble, GeneratorUnavailable)]
        return (passing or troubles or [GeneratorUnavailable("No server is named: set GENERATOR_URL.")])[0]


def _take(ended: SimpleQueue[_Pending]) -> list[_Pending]:
    """The futures that have ended; waits a moment for the first."""
    futures: list[_Pending] = []
    with suppress(Empty):
        futures.append(ended.get(timeout=POLL_SECONDS))
        while True:
            futures.append(ended.get_nowait())
    return futures


def _groups(requests: Iterable[GenerationRequest]) -> Iterator[list[GenerationRequest]]:
    """Groups of consecutive requests that differ only in their seeds, s, s + 1, ... Reads one request ahead."""
    group: list[GenerationRequest] = []
    for request in requests:
        if group and not _belongs(request, group):
            yield group
            group = []
        group.append(request)
    if group:
        yield group


def _belongs(request: GenerationRequest, group: list[GenerationRequest]) -> bool:
    last = group[-1]
    return (
        len(group) < LARGEST_GROUP
        and request.seed == last.seed + 1
        and request.settings == last.settings
        and request.messages == last.messages
        and request.settings.temperature > 0  # vLLM refuses several greedy ones, which would be the same
    )
