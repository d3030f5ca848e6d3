"""All writes of labeling except judging, one file for each noun. Pages, API, commands and Celery tasks call these.

An action takes keywords only, among them who acts and when. It is atomic and locks before it reads. It raises a named
error or does all of its work, and writes one event. Import an action from its file.
"""
