"""The kinds of faults. Each is an act that returns once the fault is over; then the platform has to recover."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

import psutil

from config.embedded.var import PROJECT_DIR
from tests.chaos.many.world import NotNow, World
from tests.small_disk import fill

HOLD_SECONDS = 8.0
Act = Callable[[World], None]


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def main_of(program: str) -> Act:
    """kill -9 to the main process of a program."""
    return lambda world: _kill(world.family(program)[:1])


def whole(program: str) -> Act:
    """kill -9 to a program with all its children at once."""
    return lambda world: _kill(world.family(program))


def child_of(program: str) -> Act:
    """kill -9 to one of its children."""

    def act(world: World) -> None:
        children = world.family(program)[1:]
        if not children:
            raise NotNow(f"{program} has no children")
        _kill([world.chance.choice(children)])

    return act


def named(words: str) -> Act:
    """kill -9 to a process with these words in its command line."""
    return lambda world: _kill([world.named(words)])


def held(find: Callable[[World], list[psutil.Process]]) -> Act:
    """Processes that are stopped for a while, not dead."""

    def act(world: World) -> None:
        processes = find(world)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
        time.sleep(HOLD_SECONDS)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    return act


def broker_loses_all(world: World) -> None:
    """Messages and all: the rows have to tell."""
    world.broker().flushall()
    _kill(world.family("valkey"))


def backend(world: World) -> None:
    """PostgreSQL ends all connections after the crash of one process, and recovers."""
    with world.database() as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchall()
    if not rows:
        raise NotNow("nobody is connected to the database")
    number = int(world.chance.choice(rows)[0])
    _kill([process for process in world.family("postgres") if process.pid == number])


def connections(world: World) -> None:
    """Every connection to the database ends, as after the restart of a pooler."""
    with world.database() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
        )


def locked(world: World) -> None:
    """Somebody else's transaction holds the tables that every judgment needs."""
    with world.database() as connection, connection.transaction():
        connection.execute("LOCK TABLE labeling_assignment, labeling_comparison IN ACCESS EXCLUSIVE MODE")
        time.sleep(HOLD_SECONDS)


def platform_killed(world: World) -> None:
    """`make run` itself dies, and is started again beside what it left."""
    assert world.platform is not None
    world.platform.kill()
    world.platform.wait()
    world.start()


def host(world: World) -> None:
    """A machine without power: every process at once. Then it starts again."""
    world.kill_all()
    world.start()


def full_disk(world: World) -> None:
    """No room for a while."""
    if world.disk is None:
        raise NotNow("no small disk may be mounted here")
    filler = fill(world.disk)
    time.sleep(HOLD_SECONDS)
    filler.unlink()


def second_beat(world: World) -> None:
    """Two schedules at once."""
    command = [sys.executable, "-m", "celery", "--app", "config", "beat", "--pidfile", "", "--loglevel", "ERROR"]
    beat = subprocess.Popen(
        command, cwd=PROJECT_DIR, env=world.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(2 * HOLD_SECONDS)
    beat.kill()
    beat.wait()


def corrupted(world: World) -> None:
    """The newest checkpoint of the run that is on its way loses its end, and the engine dies."""
    engine = world.named("training.engine")
    found = sorted((world.var / "runs").glob("*/checkpoints/step-*/*"), key=lambda path: path.stat().st_mtime)
    files = [path for path in found if path.suffix == ".safetensors"]
    if not files:
        raise NotNow("no run has a checkpoint")
    engine.suspend()
    with files[-1].open("r+b") as file:
        file.truncate(files[-1].stat().st_size // 2)
    _kill([engine])


def in_an_import(world: World) -> None:
    """A command that imports is killed on its way, and repeated: each record is there once."""
    number = time.monotonic_ns()
    path = world.folder / f"import-{number}.jsonl"
    path.write_text("".join(_line(f"{number}-{record}") for record in range(400)))
    command = [sys.executable, "manage.py", "import_comparisons", "judged", str(path)]
    first = subprocess.Popen(
        command, cwd=PROJECT_DIR, env=world.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(world.chance.uniform(2, 7))
    first.send_signal(signal.SIGKILL)
    first.wait()
    world.python(*command[1:])
    path.unlink()
    with world.database() as connection:
        query = "SELECT count(*) FROM labeling_prompt WHERE starts_with(external_id, %s)"
        row = connection.execute(query, [f"{number}-"]).fetchone()
    if row != (400,):
        raise AssertionError(f"400 records were imported twice, and {row} are there")


def _line(name: str) -> str:
    texts = {"chosen": f"It is {name}.", "rejected": f"Nobody knows, but {name} is near."}
    return json.dumps({"id": name, "prompt": f"What is {name}?", **texts}) + "\n"


def in_an_export(world: World) -> None:
    """The web server dies while it sends an export; the same export again is whole."""
    export = "/api/v1/campaigns/trained/export/?dialect=trl"
    sending = subprocess.Popen(
        [sys.executable, "-c", _READ, str(world.port), export, world.stage["lead"]], stdout=subprocess.DEVNULL
    )
    time.sleep(0.3)
    _kill(world.family("web")[1:])
    sending.wait()
    status, lines = 0, b""
    deadline = time.monotonic() + 120
    while status != 200 and time.monotonic() < deadline:
        status, lines = world.call("GET", export)
        time.sleep(0.3)
    assert lines.count(b"\n") == 18, f"{status}: an export of {lines.count(bytes([10]))} lines"


_READ = """
import sys, urllib.request
address, headers = f"http://127.0.0.1:{sys.argv[1]}{sys.argv[2]}", {"Authorization": f"Bearer {sys.argv[3]}"}
try:
    urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30).read()
except OSError:
    pass
"""


def in_a_reading(world: World) -> None:
    """The worker of the lens dies while it reads."""
    texts = {"chosen": "the cat sees bread", "rejected": "the old dog slowly walks"}
    body = {"version": "tiny-base", "prompt": [{"role": "user", "content": "what does the cat see ?"}], **texts}
    job = world.until_accepted("POST", "/api/v1/lens/", body)
    address = f"/api/v1/lens/{job['id']}/"
    world.jobs.append(address)
    deadline = time.monotonic() + 30
    while world.call("GET", address)[1]["status"] == "queued" and time.monotonic() < deadline:
        time.sleep(0.05)
    _kill(world.family("worker-lens"))


def cut(world: World) -> None:
    """Every client loses its connection after it has sent, and before it has read the answer."""
    for client in world.clients:
        client.cut = True
    deadline = time.monotonic() + 60
    while any(client.cut for client in world.clients) and time.monotonic() < deadline:
        time.sleep(0.1)


KINDS: dict[str, Act] = {
    "a process of the web server": child_of("web"),
    "the web server": main_of("web"),
    "a worker's main process": main_of("worker"),
    "a worker's child": child_of("worker"),
    "the worker of generations": whole("worker-generate"),
    "the worker of runs": whole("worker-train"),
    "the main process of the worker of runs": main_of("worker-train"),
    "the worker of the lens": whole("worker-lens"),
    "the schedule": main_of("beat"),
    "the sampler": named("embedded_sampler"),
    "the engine": named("training.engine"),
    "the broker": whole("valkey"),
    "the broker and its data": broker_loses_all,
    "a process of the database": backend,
    "the database": main_of("postgres"),
    "all connections to the database": connections,
    "a stopped process of the web server": held(lambda world: world.family("web")[1:2]),
    "a stopped engine": held(lambda world: [world.named("training.engine")]),
    "a stopped worker of runs": held(lambda world: world.family("worker-train")),
    "a stopped database": held(lambda world: world.family("postgres")),
    "a stopped broker": held(lambda world: world.family("valkey")),
    "the process manager": named("config.platform.manager"),
    "the platform": platform_killed,
    "the whole machine": host,
    "two schedules": second_beat,
    "locked tables": locked,
    "a full disk": full_disk,
    "a damaged checkpoint": corrupted,
    "killed in an import": in_an_import,
    "killed in an export": in_an_export,
    "killed in a reading": in_a_reading,
    "connections cut before the answer": cut,
}
"""By name. An older dump and a jumping clock are left out: the one loses judgments by its nature, the other needs
the machine's own clock."""
