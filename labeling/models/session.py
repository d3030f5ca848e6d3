"""Browsers in which somebody is signed in."""

from django.db import models

from labeling.models.annotator import User


class BrowserSession(models.Model):
    """One of Django's sessions, with what its owner needs to recognize it. Django's row decides whether it is valid."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="browser_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    user_agent = models.CharField(max_length=400, blank=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="The last request, to within some minutes.")

    def __str__(self) -> str:
        return f"session {self.pk} of {self.user}"
