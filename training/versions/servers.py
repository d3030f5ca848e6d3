"""The model servers: loading a version into each before it serves, their state, and unloading."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence, sentence_of
from training.errors import ServerNotReady, ServersAway
from training.generation import GeneratorUnavailable, ModelForgotten, ModelNotUsable, ModelServer
from training.models import ACTIVE_STATUSES, Deployment, ModelVersion
from training.queries.serving import training_now

GLANCE_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 1.0

NO_TROUBLE = Sentence()

T = TypeVar("T")


@dataclass(frozen=True)
class PreparedServer:
    """A server with the version loaded: its answer to the probe, or why it was left out."""

    server: str
    probe: str = ""
    trouble: Sentence = NO_TROUBLE


@dataclass(frozen=True)
class ServerState:
    """The state of a server. models: the names that it serves. trouble: why it cannot be used now; empty if it can."""

    address: str
    kind: str = ""
    models: list[str] = field(default_factory=list)
    trouble: Sentence = NO_TROUBLE


def servers() -> list[ModelServer]:
    """The servers that GENERATOR_URL names; none: the embedded sampler writes."""
    key = settings.GENERATOR_API_KEY
    return [ModelServer(url, api_key=key, retries=0, connections=1) for url in settings.GENERATOR_URLS]


def prepare(version: ModelVersion, *, patience_seconds: float | None = None) -> list[PreparedServer]:
    """Loads a version into every server under its own name and lets each answer a probe.

    The caller has checked the version's files. A server that cannot be reached is left out: it loads the version once
    it is back. Servers that made room for a run are left alone: a model that sleeps cannot answer.
    Raises ServerNotReady where a server refuses the version, ServersAway where none answered in all that time.
    """
    targets = servers()
    if not targets:
        return []
    until = time.monotonic() + (PATIENCE_SECONDS if patience_seconds is None else patience_seconds)
    while True:
        if training_now() is None:
            prepared = _with_each(targets, lambda server: _prepare(server, version))
            if any(not one.trouble for one in prepared):
                return prepared
            trouble = prepared[0].trouble
        else:
            trouble = Sentence(_("A training has this machine now: promote it when that is over."))
        if time.monotonic() >= until:
            details = {"name": version.name, "reason": trouble}
            raise ServersAway(Sentence(_("%(name)s cannot serve now. %(reason)s"), details))
        time.sleep(POLL_SECONDS)


def _prepare(server: ModelServer, version: ModelVersion) -> PreparedServer:
    adapter = Path(version.adapter_dir) if version.adapter_dir else None
    try:
        return PreparedServer(server.address, probe=_probe(server, version.name, adapter))
    except GeneratorUnavailable as error:
        return PreparedServer(server.address, trouble=sentence_of(error))
    except ModelNotUsable as error:
        details = {"name": version.name, "reason": sentence_of(error)}
        raise ServerNotReady(Sentence(_("%(name)s cannot serve. %(reason)s"), details)) from error


def _probe(server: ModelServer, name: str, adapter: Path | None) -> str:
    """Makes the server load the version and answer a probe. Raises GeneratorUnavailable, ModelNotUsable."""
    for _attempt in range(2):
        server.ensure_served(name, adapter)
        try:
            return server.probe(name)
        except ModelForgotten:
            continue  # `unload_unused` came in between: no row says yet that the version is needed
    text = _("The server at %(address)s forgets %(name)s as soon as it is loaded.")
    raise GeneratorUnavailable(Sentence(text, {"address": server.address, "name": name}))


def states() -> list[ServerState]:
    """The current state of every server; takes two seconds if one does not answer."""
    return _with_each(servers(), _state)


def _state(server: ModelServer) -> ServerState:
    try:
        names = [model.name for model in server.models(timeout=GLANCE_SECONDS)]
    except GeneratorUnavailable as error:
        return ServerState(server.address, trouble=sentence_of(error))
    return ServerState(server.address, kind="vLLM" if server.is_vllm else "OpenAI-compatible", models=names)


def unload_unused() -> list[str]:
    """Unloads adapters that nothing uses from the servers; returns "server name" of each.

    Versions are in use if they serve in any channel, if a rollback would return to them, or if an active generation job
    or suite run writes with them.
    """
    targets = servers()
    if not targets or training_now() is not None:
        return []
    keep = _names_in_use()
    ours = set(ModelVersion.objects.exclude(adapter_dir="").values_list("name", flat=True))
    return [line for lines in _with_each(targets, lambda server: _unload(server, ours - keep)) for line in lines]


def _names_in_use() -> set[str]:
    current = Deployment.objects.filter(is_current=True)
    serving = Q(pk__in=current.values("version")) | Q(pk__in=current.values("previous__version"))
    writing = Q(generation_jobs__status__in=ACTIVE_STATUSES) | Q(suite_runs__status__in=ACTIVE_STATUSES)
    return set(ModelVersion.objects.filter(serving | writing).values_list("name", flat=True))


def _unload(server: ModelServer, names: set[str]) -> list[str]:
    unloaded = []
    try:
        for model in server.models(timeout=GLANCE_SECONDS):
            if model.is_adapter and model.name in names:
                server.unload(model.name)
                unloaded.append(f"{server.address} {model.name}")
    except GeneratorUnavailable:
        pass  # the next call tries again
    return unloaded


def _with_each(targets: list[ModelServer], act: Callable[[ModelServer], T]) -> list[T]:
    """Calls `act` with all servers at the same time; returns the results in order."""
    if not targets:
        return []
    with ThreadPoolExecutor(len(targets)) as pool:
        return list(pool.map(act, targets))
