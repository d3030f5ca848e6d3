"""The latency that an annotator feels: from a key press until the next pair is painted, and the page's first load.

A real Chromium in front of the production server (gunicorn, hashed and compressed static files). The browser's network
emulation adds latency to every request. Two campaigns with the same pairs take turns: one leases pairs ahead, as new
campaigns do, the other does not. Times are measured in the page, from the timestamp of the key event to the first
moment after the frame with the next pair.

    python -m benchmarks.annotating                    about 3 minutes
    python -m benchmarks.annotating --latency 0 --judgments 20
"""

import argparse
import gzip
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.load.chosen import Chosen, chosen
from benchmarks.load.pairs import pairs
from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services

REAL_TEXTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "alpacaeval-annotations-dev.json.gz"
READER = "reader"
AHEAD = 5
WATCH = """() => {
    const prompt = document.querySelector("[data-testid=prompt]");
    let pressed = 0;
    window.painted = [];
    document.addEventListener("keydown", (event) => { if (!event.repeat) pressed = event.timeStamp; }, true);
    new MutationObserver(() => requestAnimationFrame(() => {
        const channel = new MessageChannel();  // runs after the frame is painted
        channel.port1.onmessage = () => {
            if (pressed) window.painted.push(performance.now() - pressed);
            pressed = 0;
        };
        channel.port2.postMessage(null);
    })).observe(prompt.querySelector(".conversation"), { childList: true });
}"""


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=300.0, help="milliseconds added to every request")
    parser.add_argument("--judgments", type=int, default=100, help="in each campaign")
    parser.add_argument("--pause", type=float, default=800.0, help="milliseconds between seeing a pair and judging it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options)), ephemeral=True)
    if code == 0:
        print(json.dumps(report, indent=1) if options.json else in_words(report))
    return code


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The first load, then turns of both campaigns."""
    source, records = _records(options.judgments + 2 * AHEAD + 2)
    with tempfile.TemporaryDirectory() as folder:
        url = new_database(os.environ["DATABASE_URL"], "annotating")
        with _static_files(), chosen(url, Path(folder)) as system, sync_playwright() as playwright:
            slugs = {ahead: _campaign(system, f"Ahead {ahead}", records, ahead) for ahead in (AHEAD, 0)}
            password = _reader(system, slugs.values())
            browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
            context = browser.new_context(
                base_url=f"http://127.0.0.1:{system.port}", viewport={"width": 1440, "height": 900}
            )
            page = context.new_page()
            _sign_in(page, password)
            first = _first_load(page, slugs[AHEAD])
            network = context.new_cdp_session(page)
            times = {ahead: _judge(page, network, slugs[ahead], options) for ahead in (AHEAD, 0)}
            browser.close()
    return {
        "pairs": source,
        "latency_ms": options.latency,
        "first_load": first,
        "key_to_paint_ms": {f"ahead {ahead}": _summary(values) for ahead, values in times.items()},
    }


def _summary(values: list[float]) -> dict[str, float]:
    return {f"p{share}": float(np.percentile(values, share)) for share in (50, 95, 99)} | {"n": len(values)}


def _records(count: int) -> tuple[str, list[dict[str, Any]]]:
    """Pairs of real completions if the file is present, else synthetic ones."""
    if not REAL_TEXTS.exists():
        return "synthetic", list(pairs(count))
    with gzip.open(REAL_TEXTS) as file:
        annotations = json.load(file)
    records = [
        {"id": str(number), "prompt": one["instruction"], "first": one["output_1"], "second": one["output_2"]}
        for number, one in enumerate(annotations)
        if one["output_1"] != one["output_2"]
    ]
    return "AlpacaEval", list(itertools.islice(records, count))


@contextmanager
def _static_files() -> Iterator[None]:
    """Static files, collected, hashed and compressed in a temporary folder, as in production."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("CHOSEN_VAR")
        os.environ["CHOSEN_VAR"] = folder
        try:
            subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], check=True)
            yield
        finally:
            if before is None:
                del os.environ["CHOSEN_VAR"]
            else:
                os.environ["CHOSEN_VAR"] = before


def _campaign(system: Chosen, name: str, records: list[dict[str, Any]], ahead: int) -> str:
    slug = system.add_pairs(name, records, overlap=1, annotators=0)
    system.lead.call("PATCH", f"/api/v1/campaigns/{slug}/", {"prefetch": ahead})
    return slug


def _reader(system: Chosen, slugs: Iterable[str]) -> str:
    """Creates the user who judges in the browser; returns the password."""
    command = [sys.executable, "manage.py", "create_user", READER, "--keep-password", "--json"]
    env = environment({"DATABASE_URL": system.url})
    account = json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    for slug in slugs:
        system.lead.call("POST", f"/api/v1/campaigns/{slug}/members/", {"username": READER, "role": "annotator"})
    return str(account["password"])


def _chromium() -> str | None:
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def _sign_in(page: Page, password: str) -> None:
    page.goto("/login/")
    page.get_by_label("User name").fill(READER)
    page.get_by_label("Password").fill(password)
    page.get_by_test_id("sign-in").click()
    page.wait_for_url(lambda url: "login" not in url)


def _first_load(page: Page, slug: str) -> dict[str, Any]:
    """With an empty cache and no latency: the bytes transferred, and when the page is painted and takes keys."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.clearBrowserCache")
    sizes: list[float] = []
    hosts: set[str | None] = set()
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    network.on("Network.requestWillBeSent", lambda event: hosts.add(urlsplit(event["request"]["url"]).hostname))
    page.goto(f"/campaigns/{slug}/annotate/", wait_until="networkidle")
    timing = page.evaluate(
        """() => { const one = performance.getEntriesByType("navigation")[0];
            const painted = performance.getEntriesByName("first-contentful-paint")[0];
            return { interactive: one.domContentLoadedEventEnd, painted: painted?.startTime }; }"""
    )
    network.detach()
    return {
        "kilobytes": sum(sizes) / 1000,
        "requests": len(sizes),
        "hosts": sorted(host or "" for host in hosts),
        "painted_ms": timing["painted"],
        "interactive_ms": timing["interactive"],
    }


def _judge(page: Page, network: CDPSession, slug: str, options: argparse.Namespace) -> list[float]:
    network.send("Network.enable")
    conditions = {"offline": False, "latency": options.latency, "downloadThroughput": -1, "uploadThroughput": -1}
    page.goto(f"/campaigns/{slug}/annotate/", wait_until="networkidle")
    network.send("Network.emulateNetworkConditions", conditions)
    page.evaluate(WATCH)
    for number in range(options.judgments):
        page.locator("#main[data-state=ready]").wait_for()
        page.wait_for_timeout(options.pause)
        page.keyboard.press("ArrowLeft" if number % 2 else "ArrowRight")
        while page.evaluate("window.painted.length") <= number:
            page.wait_for_timeout(10)
    times: list[float] = page.evaluate("window.painted")
    network.send("Network.emulateNetworkConditions", {**conditions, "latency": 0})
    return times


def in_words(report: dict[str, Any]) -> str:
    """The report as text."""
    first = report["first_load"]
    lines = [
        f"first load: {first['kilobytes']:.1f} kB in {first['requests']} requests to {', '.join(first['hosts'])}",
        f"  painted after {first['painted_ms']:.0f} ms, takes keys after {first['interactive_ms']:.0f} ms",
        f"key press to next pair painted, {report['latency_ms']:.0f} ms of latency, pairs: {report['pairs']}",
    ]
    for name, one in report["key_to_paint_ms"].items():
        lines.append(
            f"  {name}: median {one['p50']:.1f} ms, p95 {one['p95']:.1f} ms, p99 {one['p99']:.1f} ms of {one['n']}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
