"""The directory of one installation: its secrets, its ports, and files that are written whole."""

import json
import socket
import stat
from pathlib import Path

import pytest

from config.embedded.var import PORTS, PROJECT_DIR, NoFreePort, VarDirectory, port_is_free, write_private


@pytest.fixture
def var(tmp_path: Path) -> VarDirectory:
    directory = VarDirectory(tmp_path / "var")
    directory.create()
    return directory


def test_the_directory_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHOSEN_VAR", str(tmp_path))
    assert VarDirectory.from_environment().path == tmp_path
    monkeypatch.setenv("CHOSEN_VAR", "")
    assert VarDirectory.from_environment().path == PROJECT_DIR / "var"


def test_a_private_file_is_for_its_owner_only_even_over_a_public_one(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"
    write_private(path, "one")
    path.chmod(0o644)
    write_private(path, "two")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o600)
    assert list(path.parent.iterdir()) == [path]


def test_a_secret_is_generated_once(var: VarDirectory) -> None:
    assert var.secret("one") == var.secret("one") != var.secret("two")
    assert len(var.secret("one")) >= 48
    assert stat.S_IMODE(var.secrets.stat().st_mode) == 0o700


def test_a_port_is_remembered_until_another_program_takes_it(var: VarDirectory) -> None:
    port = var.free_port("web")
    assert port in PORTS
    assert var.free_port("web") == port
    assert var.free_port("beat") != port
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        assert not port_is_free(port)
        assert var.free_port("web") != port


def test_a_broken_list_of_ports_is_replaced(var: VarDirectory) -> None:
    (var.runtime / "ports.json").write_text("{half a")
    port = var.free_port("web")
    assert json.loads((var.runtime / "ports.json").read_text()) == {"web": port}


def test_a_machine_without_a_free_port_says_so(var: VarDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.embedded.var.PORTS", range(20_000, 20_001))
    with pytest.raises(NoFreePort, match="between 20000 and 20001"):
        VarDirectory._choose_port({20_000})
