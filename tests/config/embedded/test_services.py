"""The embedded PostgreSQL and Valkey, the real ones: shared, restarted, killed and replaced."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from config.embedded import EmbeddedServices, VarDirectory, VarInUse
from config.embedded.processes import processes_of
from config.embedded.var import PORTS, PROJECT_DIR, port_is_free, write_private

pytestmark = pytest.mark.serial


PLAIN_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "HTTPS", "EMAIL_URL", "CHOSEN_VAR")
}


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VarDirectory]:
    """One directory for all tests of this file, below directories that only their owner may enter (pytest's 0700)."""
    directory = VarDirectory(tmp_path_factory.mktemp("embedded") / "var")
    yield directory
    assert processes_of(directory.path) == []


def services_in(var: VarDirectory) -> EmbeddedServices:
    return EmbeddedServices(var, PLAIN_ENVIRONMENT, ephemeral=True)


def answer_of(database_url: str) -> object:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()
    return row and row[0]


def in_background(var: VarDirectory, *command: str) -> subprocess.Popen[bytes]:
    # A shell's background processes ignore Ctrl-C, and children inherit that; these tests need the default handler.
    return subprocess.Popen(
        [sys.executable, "-m", "config.embedded", "exec", "--ephemeral", "--", *command],
        cwd=PROJECT_DIR,
        env={**PLAIN_ENVIRONMENT, "CHOSEN_VAR": str(var.path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


def test_both_services_answer_while_wanted_and_are_gone_afterwards(var: VarDirectory) -> None:
    with services_in(var).shared() as addresses:
        assert answer_of(addresses["DATABASE_URL"]) == 18
        assert redis.Redis.from_url(addresses["BROKER_URL"]).ping()
        ports = [urlsplit(addresses[name]).port for name in ("DATABASE_URL", "BROKER_URL")]
        assert all(port in PORTS and not port_is_free(port) for port in ports if port)
    assert processes_of(var.path) == []
    assert all(port_is_free(port) for port in ports if port)


def test_what_was_written_is_there_the_next_time_at_the_same_address(var: VarDirectory) -> None:
    with services_in(var).shared() as first, psycopg.connect(first["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (what text)")
        connection.execute("INSERT INTO kept VALUES ('a judgment')")
    with services_in(var).shared() as second, psycopg.connect(second["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT what FROM kept").fetchall() == [("a judgment",)]
    assert second == first


def test_nobody_gets_in_without_the_password(var: VarDirectory) -> None:
    with services_in(var).shared() as addresses:
        database = urlsplit(addresses["DATABASE_URL"])
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://chosen@127.0.0.1:{database.port}/chosen")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=urlsplit(addresses["BROKER_URL"]).port or 0).ping()


def test_secrets_are_readable_by_their_owner_alone_and_on_no_command_line(var: VarDirectory) -> None:
    with services_in(var).shared() as addresses:
        secrets = list(var.secrets.iterdir())
        assert {path.name for path in secrets} == {"postgres_password", "valkey_password", "secret_key"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
        command_lines = "\n".join(" ".join(process.cmdline()) for process in processes_of(var.path))
        assert "valkey" in command_lines
        passwords = [urlsplit(addresses[name]).password for name in ("DATABASE_URL", "BROKER_URL")]
        assert all(password and password not in command_lines for password in passwords)


def test_a_database_killed_with_its_owner_starts_again_with_everything_committed(var: VarDirectory) -> None:
    ready = var.path / "written"
    program = (
        "import os, pathlib, psycopg, time\n"
        "with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as c:\n"
        "    c.execute('CREATE TABLE survivor AS SELECT 42 AS answer')\n"
        f"    pathlib.Path({str(ready)!r}).touch()\n"
        "    time.sleep(600)\n"
    )
    owner = in_background(var, sys.executable, "-c", program)
    wait_for(ready)
    command = psutil.Process(owner.pid).children()
    for process in (psutil.Process(owner.pid), *command, *processes_of(var.path)):
        process.kill()
    owner.wait()
    assert (var.path / "postgres" / "data" / "postmaster.pid").exists()
    with services_in(var).shared() as addresses, psycopg.connect(addresses["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT answer FROM survivor").fetchone() == (42,)


def test_services_orphaned_by_the_death_of_their_owner_are_replaced(var: VarDirectory) -> None:
    ready = var.path / "up"
    program = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(600)"
    owner = in_background(var, sys.executable, "-c", program)
    wait_for(ready)
    command = [child for child in psutil.Process(owner.pid).children() if "-c" in child.cmdline()]
    for process in (psutil.Process(owner.pid), *command):
        process.kill()
    owner.wait()
    orphans = {process.pid: process.name() for process in processes_of(var.path)}
    assert {"postgres", "valkey-server"} <= set(orphans.values())
    with services_in(var).shared() as addresses:
        assert answer_of(addresses["DATABASE_URL"]) == 18
        assert set(orphans).isdisjoint(process.pid for process in processes_of(var.path))


def test_a_lock_file_that_names_somebody_elses_process_does_not_stop_the_database(var: VarDirectory) -> None:
    with services_in(var).shared():
        content = (var.path / "postgres" / "data" / "postmaster.pid").read_text()
    lock = var.path / "postgres" / "data" / "postmaster.pid"
    lock.write_text("\n".join([str(os.getpid()), *content.splitlines()[1:]]))
    with services_in(var).shared() as addresses:
        assert answer_of(addresses["DATABASE_URL"]) == 18


def test_a_remembered_port_that_somebody_took_is_replaced(var: VarDirectory) -> None:
    with services_in(var).shared() as before:
        port = urlsplit(before["DATABASE_URL"]).port
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port or 0))
        stranger.listen()
        with services_in(var).shared() as after:
            assert urlsplit(after["DATABASE_URL"]).port != port
            assert answer_of(after["DATABASE_URL"]) == 18


def test_a_cluster_that_an_interruption_left_half_made_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "var" / "postgres" / "data.unfinished" / "base"
    half.mkdir(parents=True)
    write_private(half / "rubbish", "half a table")
    with services_in(VarDirectory(tmp_path / "var")).shared() as addresses:
        assert answer_of(addresses["DATABASE_URL"]) == 18


def test_an_address_in_the_environment_means_that_nothing_is_started_for_it(tmp_path: Path) -> None:
    environment = {**PLAIN_ENVIRONMENT, "DATABASE_URL": "postgresql://elsewhere/x", "BROKER_URL": "redis://elsewhere/0"}
    var = VarDirectory(tmp_path / "var")
    with EmbeddedServices(var, environment).shared() as addresses:
        assert set(addresses) == {"SECRET_KEY", "HTTPS", "EMAIL_URL"}
        assert processes_of(var.path) == []
    assert not (var.path / "postgres").exists()


def test_commands_at_the_same_time_share_one_set_of_services_and_the_last_one_ends_it(var: VarDirectory) -> None:
    check = "import os, psycopg, time; psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1'); time.sleep({})"
    children = [in_background(var, sys.executable, "-c", check.format(delay)) for delay in (0, 1, 2)]
    assert [child.wait(120) for child in children] == [0, 0, 0]
    assert processes_of(var.path) == []


def test_only_one_command_owns_the_services_of_a_directory(var: VarDirectory) -> None:
    with services_in(var).acquire(), pytest.raises(VarInUse, match=str(os.getpid())):
        services_in(var).acquire()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_wrapper_and_its_command_ends_both_and_the_services(var: VarDirectory, number: int) -> None:
    ready = var.path / f"up-{number}"
    program = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(600)"
    owner = in_background(var, sys.executable, "-c", program)
    wait_for(ready)
    command = psutil.Process(owner.pid).children()
    owner.send_signal(number)
    if number == signal.SIGINT:  # a terminal sends it to both
        for process in command:
            if process.cmdline()[1:2] == ["-c"]:
                process.send_signal(number)
    assert owner.wait(60) != 0
    assert processes_of(var.path) == []
    assert not any(process.is_running() for process in command)


OF_ONE_PROCESS = {
    *("CHOSEN_VAR", "HOST", "PORT", "WEB_CONCURRENCY", "DEBUG", "LOG_LEVEL", "LOG_FORMAT", "METRICS_TOKEN"),
    *("DATABASE_POOL", "DATABASE_POOL_SIZE", "DATABASE_STATEMENT_SECONDS", "DEMO_PROMPTS"),
    *(f"API_LIMIT_{name}" for name in ("JUDGE", "READ", "WRITE", "FILES")),
    *(f"SIGN_IN_LIMIT_{name}" for name in ("NAME", "ADDRESS", "ACCOUNT", "TOKEN")),
}
"""Variables that a command has of its own, or that mean nothing to it."""


def test_a_command_beside_the_platform_sees_every_setting_of_the_platform(tmp_path: Path) -> None:
    explained = tomllib.loads((PROJECT_DIR / "scripts" / "environment.toml").read_text(encoding="utf-8"))
    names = {name for group in explained.values() for name in group}
    addresses = {"DATABASE_URL": "postgresql://elsewhere/x", "BROKER_URL": "redis://elsewhere/0"}
    platform = {name: f"value of {name}" for name in [*names, "AWS_SECRET_ACCESS_KEY"]} | addresses
    var = VarDirectory(tmp_path / "var")
    with EmbeddedServices(var, platform).shared():
        file = var.runtime / "addresses.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        with EmbeddedServices(var, {"TIME_ZONE": "of the command"}).shared() as seen:
            assert "TIME_ZONE" not in seen
            assert "owner" not in seen
            wanted = {name: value for name, value in platform.items() if name not in OF_ONE_PROCESS | {"TIME_ZONE"}}
            assert seen == wanted


def test_the_exit_code_is_that_of_the_command(var: VarDirectory) -> None:
    assert in_background(var, "sh", "-c", "exit 7").wait(60) == 7
    assert in_background(var, "sh", "-c", "kill -9 $$").wait(60) == 137
    assert in_background(var, "/nowhere/to/be/found").wait(60) == 127
