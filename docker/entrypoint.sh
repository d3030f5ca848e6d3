#!/bin/sh
# The command of a container: `setup` prepares the database, the static files and the base model; the name of a program
# runs it; everything else is a Django command: docker compose run --rm web create_user maya --role lead
set -eu
cd "$(dirname "$0")/.."

for name in DATABASE_URL BROKER_URL SECRET_KEY; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || { echo "$name is not set; see the head of docker/compose.yaml." >&2; exit 1; }
done

case "${1:-web}" in
    setup)
        if [ -n "${TMPDIR:-}" ]; then # uploads on their way; what a killed program left there goes
            mkdir -p "$TMPDIR"
            find "$TMPDIR" -mindepth 1 -mtime +0 -delete || true
        fi
        .venv/bin/python manage.py check --deploy --database default
        .venv/bin/python manage.py migrate --no-input
        .venv/bin/python manage.py collectstatic --no-input
        if ! .venv/bin/python manage.py base_model; then
            [ -n "${BASE_MODEL_DIR:-}${BASE_MODEL_NAME:-}" ] || exit 1
            echo "People can judge; to generate and train, put the model there and run the command base_model." >&2
        fi
        ;;
    web | worker | worker-generate | worker-train | worker-lens | beat) exec .venv/bin/python -m config.platform.program "$1" ;;
    gpu-worker) exec .venv/bin/python -m config.platform.program worker-train ;; # the same runs, on a machine with a GPU
    *) exec .venv/bin/python manage.py "$@" ;;
esac
