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


def test_no_password_is_on_a_command_line_and_the_broker_has_its_own(services: dict[str, Any]) -> None:
    assert not [name for name, service in services.items() if "PASSWORD" in str(service.get("command", ""))]
    environment = services["web"]["environment"]
    assert "POSTGRES_PASSWORD" not in environment["BROKER_URL"]
    assert "BROKER_PASSWORD" not in environment["DATABASE_URL"]
    assert "BROKER_PASSWORD" in yaml.safe_load(COMPOSE.read_text())["configs"]["valkey"]["content"]


def test_whatever_runs_on_has_a_health_check(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["setup"]


def test_the_health_check_asks_the_program_that_runs(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if service.get("image") == "chosen" and name != "setup":
            asked = service["healthcheck"]["test"][-1]
            assert asked == ("worker-train" if name == "gpu-worker" else service["command"][0])


def test_our_programs_may_write_to_their_data_only(services: dict[str, Any]) -> None:
    for service in services.values():
        if service.get("image") == "chosen":
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert service["volumes"] == ["data:/data"]
