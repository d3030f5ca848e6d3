"""The containers run the same programs as `make run`, wait for each other, and hold no secret."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from config.embedded.var import PROJECT_DIR
from config.platform.programs import application_programs

COMPOSE = PROJECT_DIR / "docker" / "compose.yaml"
SET_HERE = {"HOST", "PORT", "CHOSEN_VAR", "DATABASE_POOL", "DATABASE_STATEMENT_SECONDS"}
"""Variables that the file, the image or the web server sets."""

MEANINGLESS_HERE = {"DEBUG", "DEMO_PROMPTS", "GENERATOR_STOP_COMMAND", "GENERATOR_START_COMMAND"}
"""Never in production; of `make run` only; no container can stop another one."""


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
    assert environment["SECRET_KEY"] == "${SECRET_KEY:?set SECRET_KEY}"
    assert "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}@" in environment["DATABASE_URL"]


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "BROKER_PASSWORD", "SECRET_KEY"])
def test_nothing_starts_with_an_empty_password(name: str) -> None:
    text = COMPOSE.read_text()
    assert text.count(f"${{{name}") == text.count(f"${{{name}:?set {name}}}") > 0


def test_every_variable_of_the_platform_can_be_set_and_the_head_names_it(services: dict[str, Any]) -> None:
    text = COMPOSE.read_text()
    head = text.partition("name: chosen\n")[0]
    environment = services["web"]["environment"]
    from_outside = set(re.findall(r"\$\{([A-Z_]+)", text)) | {name for name in environment if environment[name] is None}
    assert [name for name in sorted(from_outside) if not re.search(rf"\b{name}\b", head)] == []
    explained = tomllib.loads((PROJECT_DIR / "scripts" / "environment.toml").read_text())
    names = {name for group in explained.values() for name in group}
    assert names - from_outside == SET_HERE | MEANINGLESS_HERE


def test_vllm_serves_the_base_model_under_the_name_that_the_platform_asks_for(services: dict[str, Any]) -> None:
    environment = services["vllm"]["environment"]
    assert environment["VLLM_NAME"] == "${BASE_MODEL_NAME:-smollm2-135m-instruct}"
    assert "${BASE_MODEL_DIR:-/data/models/${BASE_MODEL_NAME:-smollm2-135m-instruct}}" in environment["VLLM_MODEL"]


def test_only_the_setup_gets_the_owner_of_the_tables(services: dict[str, Any]) -> None:
    ours = {name: service for name, service in services.items() if service.get("image") == "chosen"}
    addresses = {name: service["environment"]["DATABASE_URL"] for name, service in ours.items()}
    owner = addresses.pop("setup")
    (others,) = set(addresses.values())
    assert owner == f"${{OWNER_DATABASE_URL:-{others}}}"
    assert others.startswith("${DATABASE_URL:-postgresql://chosen:")
    assert {**ours["setup"]["environment"], "DATABASE_URL": others} == ours["web"]["environment"]


def test_files_on_their_way_are_not_kept_in_memory(services: dict[str, Any]) -> None:
    for service in services.values():
        if service.get("image") == "chosen":
            assert service["environment"]["TMPDIR"].startswith("/data/")


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
