"""Completions from one server or several: as many requests out as are wanted, each to the server with the least to do.

A server that cannot be reached is left out, and looked at again after a pause that doubles; when it is back, it is
first made to serve the model again, since a vLLM that was restarted has forgotten its adapters.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from training.generation.contract import GenerationFailure, GenerationRequest, Outcome, never
from training.generation.errors import GenerationError, GeneratorUnavailable, ModelForgotten, ModelNotUsable
from training.generation.server import ModelServer

DEFAULT_CONCURRENCY = 48
DEFAULT_TIMEOUT_SECONDS = 300.0
RETRIES = 4
POLL_SECONDS = 0.2
AHEAD = 3  # requests prepared for each that is out: who writes results must not make a server wait
LARGEST_GROUP = 64
LOADED_AGAIN = 3  # times for one request
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

_Pending = Future[list[Outcome]]


class _Member:
    """A server, and how it is doing."""

    def __init__(self, server: ModelServer) -> None:
        self.server = server
        self.is_ready = False  # serves our model, as far as we know
        self.is_looked_at = False  # somebody is finding out whether it is back
        self.outstanding = 0
        self.pause = FIRST_PAUSE_SECONDS  # doubled each time
        self.look_again_at = 0.0
        self.trouble: GenerationError | None = None


class OpenAIGenerator:
    """A `Generator` over HTTP: at most `concurrency` requests are out at a time, taken as there is room for them."""

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
    ) -> None:
        """`base_urls` end in /v1, as the server's maker gives it; `timeout` in seconds is for one request.

        `adapter_dir`: where the model is an adapter; a vLLM that does not serve it yet is asked to load it from there.
        """
        addresses = [base_urls] if isinstance(base_urls, str) else list(base_urls)
        self.identifier, self._adapter_dir, self._concurrency = model, adapter_dir, concurrency
        self._members = [
            _Member(ModelServer(url, api_key=api_key, timeout=timeout, retries=retries, connections=concurrency))
            for url in addresses
        ]
        self._lock = threading.Condition()

    def generate(
        self, requests: Iterable[GenerationRequest], *, should_stop: Callable[[], bool] = never
    ) -> Iterator[Outcome]:
        """Yields one outcome per request as they finish.

        Requests that come one after the other and differ in nothing but their seeds, s, s + 1, ..., are one request to
        a vLLM. Raises GeneratorUnavailable as soon as no server can be reached, ModelNotUsable where none can serve the
        model.
        """
        self.ensure_served()
        waiting, out = _groups(requests), set[_Pending]()
        ended: SimpleQueue[_Pending] = SimpleQueue()
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="generation")
        trouble: GenerationError | None = None
        try:
            while not should_stop():
                while trouble is None and len(out) < AHEAD * self._concurrency and (group := next(waiting, None)):
                    future = pool.submit(self._ask, group)
                    out.add(future)
                    future.add_done_callback(ended.put)
                if not out:
                    break
                for future in _those_in(ended):
                    if future.cancelled():
                        continue
                    out.discard(future)
                    try:
                        yield from future.result()
                    except (GeneratorUnavailable, ModelNotUsable) as error:
                        # What another server is still writing is waited for: nothing is to be written twice.
                        trouble = trouble or error
                        out = {other for other in out if not other.cancel()}
            if trouble is not None:
                raise trouble
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def ensure_served(self) -> None:
        """At least one server serves our model. Raises GeneratorUnavailable, ModelNotUsable."""
        with ThreadPoolExecutor(len(self._members)) as pool:
            list(pool.map(self._prepare, self._members))
        if not any(member.is_ready for member in self._members):
            raise self._trouble()

    def _ask(self, group: list[GenerationRequest]) -> list[Outcome]:
        """The outcomes of a group, from whichever server is there. Raises GeneratorUnavailable, ModelNotUsable."""
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
                    if forgotten > LOADED_AGAIN:
                        return [GenerationFailure(request.key, str(error), retryable=True) for request in group]
                    with self._lock:
                        member.is_ready = False  # the next one to take it makes it serve the model again

    @contextmanager
    def _least_busy(self) -> Iterator[_Member]:
        """Holds the server with the fewest requests out, of those that are not left out. Raises if all are."""
        with self._lock:
            while not (usable := [member for member in self._members if self._is_usable(member)]):
                if not any(member.is_looked_at for member in self._members):
                    raise self._trouble()
                self._lock.wait(POLL_SECONDS)
            member = min(usable, key=lambda one: one.outstanding)
            looks = not member.is_ready  # one finds out whether it is back; the others take another server meanwhile
            member.is_looked_at = member.is_looked_at or looks
            member.outstanding += 1
        try:
            yield member
        finally:
            with self._lock:
                member.outstanding -= 1
                if looks:
                    member.is_looked_at = False
                self._lock.notify_all()

    @staticmethod
    def _is_usable(member: _Member) -> bool:
        return member.is_ready or (not member.is_looked_at and member.look_again_at <= time.monotonic())

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
            member.look_again_at = time.monotonic() + member.pause
            member.pause = min(2 * member.pause, LONGEST_PAUSE_SECONDS)

    def _trouble(self) -> GenerationError:
        """Why no server can be used: that none can be reached is mended by waiting, so it comes first."""
        troubles = [member.trouble for member in self._members if member.trouble is not None]
        passing = [trouble for trouble in troubles if isinstance(trouble, GeneratorUnavailable)]
        return (passing or troubles or [GeneratorUnavailable("No server is named: set GENERATOR_URL.")])[0]


def _those_in(ended: SimpleQueue[_Pending]) -> list[_Pending]:
    """What has ended by now, of which the first is waited for a moment."""
    found: list[_Pending] = []
    with suppress(Empty):
        found.append(ended.get(timeout=POLL_SECONDS))
        while True:
            found.append(ended.get_nowait())
    return found


def _groups(requests: Iterable[GenerationRequest]) -> Iterator[list[GenerationRequest]]:
    """Neighbours that differ in nothing but their seeds, s, s + 1, ... Looks one request ahead."""
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
        and request.settings.temperature > 0  # vLLM allows one where all would be the same
    )
