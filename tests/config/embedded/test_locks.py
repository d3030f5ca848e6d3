"""File locks between processes: exclusive or shared, and free as soon as their holder dies."""

import os
import subprocess
import sys
from pathlib import Path

from config.embedded.locks import FileLock
from config.embedded.var import PROJECT_DIR

HOLD = """
import time
from pathlib import Path
from config.embedded.locks import FileLock
lock = FileLock(Path({path!r}))
lock.exclusive()
print(flush=True)
time.sleep(600)
"""


def test_an_exclusive_lock_is_held_by_one_and_names_its_process(tmp_path: Path) -> None:
    with FileLock(tmp_path / "deep" / "lock") as first, FileLock(tmp_path / "deep" / "lock") as second:
        assert first.try_exclusive()
        assert first.holder() == str(os.getpid())
        assert not second.try_exclusive()
        assert not second.is_free()
        first.release()
        assert second.is_free()
        assert second.try_exclusive()


def test_a_shared_lock_is_held_by_several_and_keeps_an_exclusive_one_out(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as one, FileLock(tmp_path / "lock") as two, FileLock(tmp_path / "lock") as alone:
        one.share()
        two.share()
        assert alone.is_free()
        assert not alone.try_exclusive()
        one.close()
        two.close()
        assert alone.try_exclusive()


def test_a_lock_is_free_when_its_holder_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = HOLD.format(path=str(path))
    holder = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT_DIR, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with FileLock(path) as lock:
        assert not lock.try_exclusive()
        holder.kill()
        holder.wait()
        assert lock.try_exclusive()
    holder.stdout.close()


def test_a_lock_that_nobody_held_names_nobody(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as lock:
        assert lock.holder() == "unknown"
