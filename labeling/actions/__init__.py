"""Every write of labeling but judging, one file a noun. Pages, API, commands and Celery tasks all call these.

An action is keyword-only, is told who acts and when, is atomic, locks before it looks, raises a named error instead of
half doing something, and writes one event. Import an action from its file.
"""
