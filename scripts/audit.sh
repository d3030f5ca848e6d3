#!/usr/bin/env bash
# Asks the index for known vulnerabilities of every locked package. Exit code 3: it has no such data (a mirror, no network).
# Usage: scripts/audit.sh BIN
set -uo pipefail
bin=$1
report=$(mktemp)
trap 'rm -f "$report"' EXIT
"$bin/uv" tool run --quiet --from pip-audit==2.10.1 pip-audit --requirement requirements/lock.txt --disable-pip --require-hashes \
    --format json --output "$report" --progress-spinner off >/dev/null 2>&1
"$bin/python" - "$report" <<'python'
import json
import sys

try:
    with open(sys.argv[1], encoding="utf-8") as file:
        packages = json.load(file)["dependencies"]
except ValueError:
    sys.exit(3)
if all("skip_reason" in package for package in packages):
    sys.exit(3)
found = [(package, one) for package in packages for one in package.get("vulns", ())]
for package, one in found:
    fixed = ", ".join(one["fix_versions"]) or "none yet"
    print(f"{package['name']} {package['version']}: {one['id']}; fixed in: {fixed}")
sys.exit(1 if found else 0)
python
