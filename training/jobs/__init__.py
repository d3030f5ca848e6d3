"""What a worker does with a job it has claimed. Called by the Celery tasks, and by `rehearse` without any."""
