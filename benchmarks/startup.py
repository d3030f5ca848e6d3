"""The time from `make run` in a fresh clone to the first pair to judge, for the first and the second start.

The clone is made from this repository's HEAD in a temporary folder. Installing the dependencies is timed separately,
because it is mostly a download. The clock for `make run` starts with the command and stops when an annotator who logs
in, says that the guidelines were read and answers the practice pairs is assigned a real pair. Run: `python -m
benchmarks.startup` (about 10 minutes the first time, mostly to install).
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
from pathlib import Path

import psutil

from benchmarks.load.browserlike import Browserlike
from benchmarks.load.system import free_port

PROJECT = Path(__file__).resolve().parent.parent
LOGIN_LINE = re.compile(r"^    (\S+)\s+(\S+)$", re.MULTILINE)
PATIENCE_SECONDS = 15 * 60
GUIDELINES_VERSION = 1  # nobody edits them in a fresh clone


def log_in(address: str, name: str, password: str) -> Browserlike:
    """Logs in through the login page; raises RuntimeError if that fails."""
    browser = Browserlike(address)
    if "/login/" in browser.submit("/login/", {"username": name, "password": password}):
        raise RuntimeError(f"{name} could not log in")
    return browser


def get_ready(browser: Browserlike, campaign: str) -> None:
    """Takes the steps before the first pair, if they are not done yet: the guidelines and the practice round."""
    path = f"/api/v1/campaigns/{campaign}"
    browser.post_json(f"{path}/guidelines/read/", {"number": GUIDELINES_VERSION})
    while (pair := browser.post_json(f"{path}/practice/next/", {})[1]) is not None:
        browser.post_json(f"/api/v1/practice/{pair['id']}/answer/", {"choice": "left"})


def has_pair(browser: Browserlike, campaign: str) -> bool:
    """Whether there is something to judge."""
    return browser.post_json(f"/api/v1/campaigns/{campaign}/assignments/next/", {})[0] == 200


def wait_for_pair(address: str, login: tuple[str, str] | None, output: Path) -> tuple[float, tuple[str, str]]:
    """Waits until an annotator is assigned a pair; returns the moment (monotonic seconds) and the login."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    browser: Browserlike | None = None
    while time.monotonic() < deadline:
        if login is None:
            logins = dict(LOGIN_LINE.findall(output.read_text(errors="replace")))
            login = ("annotator", logins["annotator"]) if "annotator" in logins else None
        try:
            if login and browser is None:
                browser = log_in(address, *login)
                get_ready(browser, "demo")
            if login and browser and has_pair(browser, "demo"):
                return time.monotonic(), login
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass  # not running yet
        time.sleep(0.25)
    raise RuntimeError(f"No pair within {PATIENCE_SECONDS} s; see the output in {output}")


def run_once(clone: Path, login: tuple[str, str] | None) -> tuple[float, float, int, tuple[str, str]]:
    """One `make run`: seconds to the first pair, seconds to stop after Ctrl-C, number of processes left, the login."""
    port = free_port()
    output = clone / "startup.log"
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL")}
    environment["PORT"] = str(port)
    begin = time.monotonic()
    with open(output, "wb") as log:
        platform = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        reached, login = wait_for_pair(f"http://127.0.0.1:{port}", login, output)
    finally:
        children = psutil.Process(platform.pid).children(recursive=True)
        stopping = time.monotonic()
        os.killpg(platform.pid, signal.SIGINT)  # like Ctrl-C in a terminal
        platform.wait(timeout=120)
    stopped = time.monotonic() - stopping
    time.sleep(1)
    left = [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    return reached - begin, stopped, len(left), login


def main() -> None:
    """Clones, installs, runs twice, prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="keep the clone and print its path")
    options = parser.parse_args()
    parent = Path(tempfile.mkdtemp(prefix="chosen-startup-"))
    clone = parent / "chosen"
    try:
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
        begin = time.monotonic()
        subprocess.run(["make", "install"], cwd=clone, check=True, stdout=subprocess.DEVNULL)
        installed = time.monotonic() - begin
        first, stop_first, left_first, login = run_once(clone, None)
        second, stop_second, left_second, _ = run_once(clone, login)
    finally:
        if options.keep:
            print(f"The clone is kept in {clone}.")
        else:
            shutil.rmtree(parent, ignore_errors=True)
    print(
        json.dumps(
            {
                "install_seconds": round(installed, 1),
                "first_run_to_first_pair_seconds": round(first, 1),
                "second_run_to_first_pair_seconds": round(second, 1),
                "stop_seconds": [round(stop_first, 1), round(stop_second, 1)],
                "processes_left": left_first + left_second,
            }
        )
    )


if __name__ == "__main__":
    main()
