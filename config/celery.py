"""The Celery application. Tasks carry the ids of rows; the rows describe the work."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun

from config.worker_report import WorkerReport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("chosen")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect  # type: ignore[untyped-decorator]
def _job_of_the_lines(task: Any = None, args: Any = (), **kwargs: Any) -> None:
    """Every line of the log until the next task belongs to this one."""
    from config.request_log import job_of_line

    job_of_line.set(f"{task.name} {' '.join(map(str, args))}".strip())


app.steps["consumer"].add(WorkerReport)
