"""Settings, URLs and processes. Imports the Celery application, so that tasks find it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
