#!/usr/bin/env bash
# The unit tests of the pages' scripts: every *.test.js below tests/frontend, without a browser. Prints the failures, or
# how many tests passed. Usage: scripts/test_javascript.sh PYTHON
set -euo pipefail
node=$(scripts/node.sh "$1")/node
if output=$(find tests/frontend -name '*.test.js' -print0 | sort -z | xargs -0 "$node" --test --test-reporter=spec 2>&1); then
    printf 'JavaScript: %s tests passed.\n' "$(sed -n 's/^. pass //p' <<<"$output")"
else
    printf '%s\n' "$output"
    exit 1
fi
