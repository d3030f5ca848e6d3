"""PostgreSQL's command line and address, without starting it (test_services.py runs the real one)."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config.embedded.postgres import Postgres
from config.embedded.var import VarDirectory, write_private


@pytest.fixture
def var(tmp_path: Path) -> VarDirectory:
    directory = VarDirectory(tmp_path / "var")
    directory.create()
    return directory


def test_only_an_ephemeral_server_risks_its_data_in_a_power_cut(var: VarDirectory) -> None:
    assert "--fsync=off" not in Postgres(var).command(5432)
    assert "--fsync=off" in Postgres(var, ephemeral=True).command(5432)


def test_the_server_listens_on_this_machine_at_its_port(var: VarDirectory) -> None:
    command = Postgres(var).command(5433)
    assert {"--port=5433", "--listen_addresses=127.0.0.1", "--unix_socket_directories="} <= set(command)


def test_a_password_with_special_characters_survives_in_the_address(var: VarDirectory) -> None:
    write_private(var.secrets / "postgres_password", "a/b:c@d")
    parts = urlsplit(Postgres(var).url(5432))
    assert (parts.password, parts.hostname, parts.port) == ("a%2Fb%3Ac%40d", "127.0.0.1", 5432)


def test_a_server_that_does_not_run_is_not_ready(var: VarDirectory) -> None:
    assert not Postgres(var).is_ready(1)
