"""What the containers start is what `make run` starts, and they say what they lack."""

import os
import subprocess
from typing import Any

import pytest
import yaml

from config.embedded.var import PROJECT_DIR
from config.platform.programs import application_programs

COMPOSE = PROJECT_DIR / "docker" / "compose.yaml"
ENTRYPOINT = PROJECT_DIR / "docker" / "entrypoint.sh"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text())["services"])


def run_entrypoint(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ENTRYPOINT), *arguments],
        env={"PATH": os.environ["PATH"], "CHOSEN_VAR": os.environ.get("CHOSEN_VAR", ""), **environment},
        check=False,
        capture_output=True,
        text=True,
    )


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


@pytest.mark.parametrize("missing", ["DATABASE_URL", "BROKER_URL", "SECRET_KEY"])
def test_a_container_without_its_settings_says_which_one_is_missing(missing: str) -> None:
    settings = {"DATABASE_URL": "postgresql://x/y", "BROKER_URL": "redis://:x@y/0", "SECRET_KEY": "z"}
    result = run_entrypoint("web", **{**settings, missing: ""})
    assert result.returncode == 1
    assert result.stderr.startswith(f"{missing} is not set")


def test_anything_but_a_program_is_a_command_of_the_platform() -> None:
    settings = {"DATABASE_URL": "postgresql://x/y", "BROKER_URL": "redis://:x@y/0", "SECRET_KEY": "z"}
    result = run_entrypoint("version", **settings)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("5.2")
