"""The Celery application. Tasks carry the ids of rows; the rows describe the work."""

import os

from celery import Celery

from config.worker_report import WorkerReport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("chosen")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(WorkerReport)
