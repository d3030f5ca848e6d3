"""The work of a worker on a claimed job. Called by the Celery tasks, and directly by `rehearse` and `--here`."""
