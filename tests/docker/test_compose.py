"""The containers run the same programs as `make run`, wait for each other, and hold no secret."""

from typing import Any

import pytest
import yaml

from config.embedded.var import PROJECT_DIR
from config.platform.programs import application_programs

COMPOSE = PROJECT_DIR / "docker" / "compose.yaml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text())["services"])


def test_every_program_of_the_platform_has_a_container(services: dict[str, Any]) -> None:
    commands = {tuple(service["command"]) for service in services.values() if service.get("image") == "chosen"}
    programs = {(program.name,) for program in application_programs("0.0.0.0", 8000)}
    assert commands == programs | {("setup",), ("gpu-worker",)}


def test_programs_wait_for_the_services_and_for_the_setup(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if service.get("image") == "chosen" and name != "setup":
            conditions = {other: wait["condition"] for other, wait in service["depends_on"].items()}
            assert conditions == {
                "setup": "service_completed_successfully",
                "postgres": "service_healthy",
                "valkey": "service_healthy",
            }


def test_only_the_web_server_is_published_and_only_on_this_machine(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert list(published) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in published["web"])


def test_the_compose_file_holds_no_secret(services: dict[str, Any]) -> None:
    environment = services["web"]["environment"]
    assert environment["SECRET_KEY"] == "${SECRET_KEY:-}"
    assert "${POSTGRES_PASSWORD:-}@" in environment["DATABASE_URL"]
