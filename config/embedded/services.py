"""The embedded services of one `var/`: prepared, started as child processes, shared by every command."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.locks import FileLock
from config.embedded.postgres import Postgres
from config.embedded.processes import INSTANCE_VARIABLE, end_processes, processes_of
from config.embedded.valkey import Valkey
from config.embedded.var import VarDirectory, port_is_free, write_private

Service = Postgres | Valkey

READY_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05
START_ATTEMPTS = 5

_NAMES = """
DATABASE_URL DATABASE_PREPARE BROKER_URL SECRET_KEY SECRET_KEY_FALLBACKS ALLOWED_HOSTS CSRF_TRUSTED_ORIGINS SITE_URL
HTTPS HSTS_INCLUDE_SUBDOMAINS HSTS_PRELOAD BEHIND_PROXY TIME_ZONE UPLOAD_LIMIT_MB WEBHOOKS_ALLOW_PRIVATE
OIDC_ISSUER OIDC_NAME OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_TRUSTED_DOMAINS
SAML_ENTITY_ID SAML_NAME SAML_SSO_URL SAML_CERTIFICATE SAML_TRUSTED_DOMAINS
SECOND_FACTOR PASSWORD_SIGN_IN SIGN_IN_DOMAINS
EMAIL_URL EMAIL_HOST EMAIL_PORT EMAIL_HOST_USER EMAIL_HOST_PASSWORD EMAIL_USE_TLS EMAIL_FROM
BASE_MODEL_NAME BASE_MODEL_DIR GENERATOR_URL GENERATOR_API_KEY GENERATOR_CONCURRENCY GENERATOR_HANDOVER
GENERATOR_STOP_COMMAND GENERATOR_START_COMMAND JUDGE_URL JUDGE_MODEL JUDGE_API_KEY
TRAINING_GPUS TRAINING_HOSTS TRAINING_ADDRESS JOBS_SIDE_BY_SIDE JOBS_MEMORY_RESERVE_GIB
EVALUATION_PROMPTS EVALUATION_TOKENS HF_ENDPOINT CODE_VERSION
STORAGE_URL STORAGE_OPTIONS STORAGE_CACHE_GIB
AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL
GOOGLE_APPLICATION_CREDENTIALS
"""
PUBLISHED = tuple(_NAMES.split())
"""Commands beside a running platform must see the same values as it. The file with them is for its owner alone.

Left out is what belongs to one process: its port, its log, its connections.
"""


class ServiceFailed(RuntimeError):
    """An embedded service did not start; names its log."""


class VarInUse(RuntimeError):
    """Another process owns the services of this `var/`."""


@dataclass
class EmbeddedServices:
    """The services without an address in the environment.

    environment: may contain DATABASE_URL and BROKER_URL; an empty value counts as missing.
    ephemeral: for tests: not safe against a power cut, the broker's messages only in memory.
    """

    var: VarDirectory
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ephemeral: bool = False

    def __post_init__(self) -> None:
        candidates: list[Service] = [Postgres(self.var, self.ephemeral), Valkey(self.var, self.ephemeral)]
        self.services = [service for service in candidates if not self.environment.get(service.variable)]
        self.ports: dict[str, int] = {}

    @property
    def _published(self) -> Path:
        return self.var.runtime / "addresses.json"

    def log(self, service: Service) -> Path:
        """The log file of a service."""
        return self.var.logs / f"{service.name}.log"

    def acquire(self) -> FileLock:
        """Takes the lock that permits starting and stopping the services of this `var/`. Raises VarInUse."""
        self.var.create()
        lock = FileLock(self.var.runtime / "services.lock")
        if lock.try_exclusive():
            return lock
        holder = lock.holder()
        lock.close()
        raise VarInUse(f"Another running command (process {holder}) owns the services under {self.var.path}.")

    def prepare(self) -> None:
        """Ends the leftovers of a killed owner and prepares each service to start. Only for the owner.

        Raises the errors of `Postgres.prepare`.
        """
        self._published.unlink(missing_ok=True)
        end_processes(processes_of(self.var.path), grace_seconds=STOP_SECONDS / 3)
        for service in self.services:
            service.prepare()
            self.choose_port(service)

    def choose_port(self, service: Service) -> int:
        """Chooses the port of a service: the last one if it is still free."""
        self.ports[service.name] = self.var.free_port(service.name)
        return self.ports[service.name]

    def is_ready(self, service: Service) -> bool:
        """Whether a service answers on its port."""
        return service.is_ready(self.ports[service.name])

    def command(self, service: Service) -> list[str]:
        """The command line of a service in the foreground."""
        return service.command(self.ports[service.name])

    def addresses(self) -> dict[str, str]:
        """The variables that programs need to use the services: addresses, secret key, plain HTTP, e-mail to a log."""
        variables = {service.variable: service.url(self.ports[service.name]) for service in self.services}
        if not self.environment.get("SECRET_KEY"):
            variables["SECRET_KEY"] = self.var.secret("secret_key")
        if not self.environment.get("HTTPS"):
            variables["HTTPS"] = "false"  # the embedded run serves this machine, without a certificate
        if not self.environment.get("EMAIL_URL") and not self.environment.get("EMAIL_HOST"):
            variables["EMAIL_URL"] = "consolemail://"  # e-mails go to the log of the worker
        return variables

    def publish(self) -> None:
        """Publishes the addresses for other commands, once the services answer."""
        variables = {**self.environment, **self.addresses()}
        published = {name: variables[name] for name in PUBLISHED if variables.get(name)}
        write_private(self._published, json.dumps({"owner": str(os.getpid()), **published}))

    def withdraw(self) -> None:
        """Removes the published addresses, because the services are about to stop."""
        self._published.unlink(missing_ok=True)

    @contextmanager
    def shared(self, say: Callable[[str], None] = lambda line: None) -> Iterator[dict[str, str]]:
        """Keeps the services running during the block; yields the variables that the environment lacks to use them.

        The first command starts them and others join; at its end the first one waits for the others before it stops
        them. Raises ServiceFailed and the errors of `prepare`.
        """
        self.var.create()
        with FileLock(self.var.runtime / "users.lock") as users:
            while True:
                try:
                    owner = self.acquire()
                except VarInUse:
                    users.share()  # waits while the owner is stopping the services
                    variables = self._join()
                    if variables is not None:
                        yield variables
                        return
                    users.release()
                    continue
                with owner:
                    yield from self._own(users, say)
                return

    def _own(self, users: FileLock, say: Callable[[str], None]) -> Iterator[dict[str, str]]:
        children = ServiceProcesses(self)
        try:
            children.start()
            self.publish()
            yield self.addresses()
        finally:
            _wait_for_others(users, say)
            self.withdraw()
            children.stop()

    def _join(self) -> dict[str, str] | None:
        """Waits until the owner's services answer; None if the owner ended before they did."""
        deadline = time.monotonic() + READY_SECONDS
        with FileLock(self.var.runtime / "services.lock") as probe:
            while time.monotonic() < deadline:
                if probe.is_free():
                    return None
                published = self._read_published()
                if published.pop("owner", None) == probe.holder():  # else a killed owner wrote it; wait for the new one
                    return {name: value for name, value in published.items() if not self.environment.get(name)}
                time.sleep(POLL_SECONDS)
        raise ServiceFailed(f"The services under {self.var.path} do not answer; see {self.var.logs}.")

    def _read_published(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._published.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}


def _wait_for_others(users: FileLock, say: Callable[[str], None]) -> None:
    if users.try_exclusive():
        return
    say("Waiting for other commands that use these services (Ctrl-C stops the services at once) ...")
    try:
        users.exclusive()
    except KeyboardInterrupt:
        return


class ServiceProcesses:
    """The services as children of this process. `config.platform` runs them under supervisord instead."""

    def __init__(self, embedded: EmbeddedServices) -> None:
        self._embedded = embedded
        self._children: list[tuple[Service, subprocess.Popen[bytes]]] = []

    def start(self) -> None:
        """Starts the services one by one, each after the previous one answers. Raises ServiceFailed."""
        self._embedded.prepare()
        try:
            for service in self._embedded.services:
                self._start(service)
        except BaseException:
            self.stop()
            raise

    def _start(self, service: Service) -> None:
        for _ in range(START_ATTEMPTS):
            child = self._spawn(service)
            deadline = time.monotonic() + READY_SECONDS
            while child.poll() is None and time.monotonic() < deadline:
                if self._embedded.is_ready(service):
                    return
                time.sleep(POLL_SECONDS)
            # Another program may have taken the port between our check and the server's: then try another port.
            if child.poll() is None or port_is_free(self._embedded.ports[service.name]):
                break
            self._children.pop()
            self._embedded.choose_port(service)
        raise ServiceFailed(f"{service.name} did not start; see its log {self._embedded.log(service)}")

    def _spawn(self, service: Service) -> subprocess.Popen[bytes]:
        account = service.account
        with open(self._embedded.log(service), "ab") as log:
            child = subprocess.Popen(
                self._embedded.command(service),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", INSTANCE_VARIABLE: str(self._embedded.var.path)},
                start_new_session=True,  # Ctrl-C in the terminal is for the command, which may still need the service
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self._children.append((service, child))
        return child

    def stop(self) -> None:
        """Stops the services in reverse order, by force after a grace period."""
        while self._children:
            service, child = self._children.pop()
            child.send_signal(service.stop_signal)
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
