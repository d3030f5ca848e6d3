"""Valkey's settings and address, without starting it (test_services.py runs the real one)."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config.embedded.valkey import Valkey
from config.embedded.var import VarDirectory, write_private


@pytest.fixture
def var(tmp_path: Path) -> VarDirectory:
    directory = VarDirectory(tmp_path / "var")
    directory.create()
    return directory


def test_the_password_is_in_a_private_file_and_not_on_the_command_line(var: VarDirectory) -> None:
    command = Valkey(var).command(6379)
    settings = Path(command[-1])
    password = var.secret("valkey_password")
    assert password not in " ".join(command)
    assert f"requirepass {password}\n" in settings.read_text()
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600


@pytest.mark.parametrize(("is_ephemeral", "line"), [(False, "appendonly yes"), (True, "appendonly no")])
def test_only_an_ephemeral_server_keeps_its_messages_in_memory(
    var: VarDirectory, is_ephemeral: bool, line: str
) -> None:
    command = Valkey(var, ephemeral=is_ephemeral).command(6379)
    assert line in Path(command[-1]).read_text().splitlines()


def test_a_password_with_special_characters_survives_in_the_address(var: VarDirectory) -> None:
    write_private(var.secrets / "valkey_password", "a/b:c@d")
    parts = urlsplit(Valkey(var).url(6379))
    assert (parts.password, parts.hostname, parts.port) == ("a%2Fb%3Ac%40d", "127.0.0.1", 6379)


def test_a_server_that_does_not_run_is_not_ready(var: VarDirectory) -> None:
    assert not Valkey(var).is_ready(1)
