#!/usr/bin/env bash
# Finds or installs a Chromium for the browser tests: the machine's own, Playwright's build, or Debian's package. The
# build without windows (as Playwright's own) takes half the CPU of the whole browser.
# Usage: scripts/browser.sh PYTHON
set -euo pipefail
python=$1

for name in "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done
if "$python" - <<'PY'
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    sys.exit(not Path(playwright.chromium.executable_path).exists())
PY
then exit 0; fi

echo "No Chromium found: installing one for the browser tests ..."
if timeout 300 "$python" -m playwright install chromium; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium-headless-shell >/dev/null && exit 0
fi
echo "The browser tests need a Chromium, and none could be installed. Install one, or run: CHROMIUM=/path/to/chromium make test" >&2
exit 1
