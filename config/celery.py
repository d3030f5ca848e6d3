"""The Celery application. Tasks carry ids of rows; the rows say what is to be done."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("chosen")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
