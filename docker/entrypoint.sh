#!/bin/sh
# What a container does: `setup` prepares database and static files, a program's name runs that program,
# anything else is a Django command: docker compose run --rm web create_user maya --role lead
set -eu
cd "$(dirname "$0")/.."

for name in DATABASE_URL BROKER_URL SECRET_KEY; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || { echo "$name is not set; see the head of docker/compose.yaml." >&2; exit 1; }
done

case "${1:-web}" in
    setup)
        .venv/bin/python manage.py check --deploy --database default
        .venv/bin/python manage.py migrate --no-input
        exec .venv/bin/python manage.py collectstatic --no-input
        ;;
    web | worker | worker-long | beat) exec .venv/bin/python -m config.run.program "$1" ;;
    gpu-worker) exec .venv/bin/python -m config.run.program worker-long ;; # the same jobs, where there is a GPU
    *) exec .venv/bin/python manage.py "$@" ;;
esac
