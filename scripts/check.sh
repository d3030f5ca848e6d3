#!/usr/bin/env bash
# Runs every check of the code besides the tests, and fails if one of them failed. Usage: scripts/check.sh BIN
set -uo pipefail
bin=$1
failed=()

check() { # name, command...
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        printf 'ok    %s\n' "$name"
    else
        printf 'FAIL  %s\n%s\n' "$name" "$output"
        failed+=("$name")
    fi
}

skip() { printf 'skip  %s: %s\n' "$1" "$2"; }

# The environment of `check --deploy`: one of production. Nothing connects to its services.
production() {
    env -u DEBUG -u HTTPS CHOSEN_VAR="$PWD/var/check" BEHIND_PROXY=true \
        DATABASE_URL=postgresql://chosen@127.0.0.1:1/chosen BROKER_URL=redis://127.0.0.1:1/0 ALLOWED_HOSTS=chosen.example \
        SECRET_KEY="$(head -c 48 /dev/urandom | base64)" "$@"
}

typescript() { # arguments of tsc...
    local node
    node=$(scripts/node.sh "$bin/python") || return 1
    PATH="$node:$PATH" node "$(npx_script "$node")" --yes --package typescript@5.9.3 -- tsc "$@"
}

npx_script() { # folder of node. The wheel's own bin/npx does not find what it imports.
    local script=$1/../lib/node_modules/npm/bin/npx-cli.js
    if [ -e "$script" ]; then printf '%s' "$script"; else readlink -f "$(command -v npx)"; fi
}

scripts() { typescript --project frontend && typescript --project frontend/worker; }

check "ruff check" "$bin/ruff" check .
check "ruff format" "$bin/ruff" format --check .
check "dependencies" "$bin/python" scripts/check_dependencies.py
# Code 3: the index has no data. A vulnerability that became known overnight is no fault of the change that is checked.
found=$(scripts/audit.sh "$bin")
case $? in
    0) printf 'ok    known vulnerabilities\n' ;;
    3) skip "known vulnerabilities" "the package index here has no data about them" ;;
    *) printf 'WARN  known vulnerabilities\n%s\n' "$found" ;;
esac
check "arrows between rooms" "$bin/lint-imports" --no-cache
check "size limits" "$bin/python" scripts/check_house.py
check "migrations" production "$bin/python" -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
check "deployment" production "$bin/python" manage.py check --deploy --fail-level WARNING
check "mypy" "$bin/mypy"

check "documents" scripts/docs.sh "$bin" var/docs
check "templates" "$bin/djlint" --lint --quiet templates
check "scripts" scripts
if docker compose version >/dev/null 2>&1; then
    check "compose" env POSTGRES_PASSWORD=x BROKER_PASSWORD=y SECRET_KEY=z docker compose -f docker/compose.yaml config --quiet
else
    skip "compose" "docker compose is not installed"
fi

if [ ${#failed[@]} -gt 0 ]; then
    printf '\n%s failed: %s\n' "${#failed[@]}" "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
