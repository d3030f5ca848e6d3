"""The programs of the platform: their names, their command lines, and a worker for every queue."""

from pathlib import Path

import pytest
from django.conf import settings

from config.embedded import EmbeddedServices, VarDirectory
from config.platform.programs import application_programs, service_programs, web


def test_every_queue_has_a_worker() -> None:
    commands = [program.command for program in application_programs("127.0.0.1", 8000)]
    workers = [command for command in commands if "--queues" in command]
    served = {queue for command in workers for queue in command[command.index("--queues") + 1].split(",")}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert served == routed | {settings.CELERY_TASK_DEFAULT_QUEUE}


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "127.0.0.1:81"), ("::1", "[::1]:81")])
def test_the_web_server_binds_to_the_address(host: str, address: str) -> None:
    command = web(host, 81).command
    assert command[command.index("--bind") + 1] == address


def test_the_number_of_web_processes_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    command = web("127.0.0.1", 81).command
    assert command[command.index("--workers") + 1] == "7"


def test_only_services_without_an_address_are_started(tmp_path: Path) -> None:
    services = EmbeddedServices(VarDirectory(tmp_path / "var"), {"DATABASE_URL": "postgresql://elsewhere/x"})
    for service in services.services:
        services.var.create()
        services.choose_port(service)
    (program,) = service_programs(services)
    assert (program.name, program.is_service, program.stop_signal) == ("valkey", True, "TERM")
