"""The possible judgments of two completions."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Choice(models.TextChoices):
    """An annotator's choice in canonical terms (a/b), never in terms of the display side."""

    A = "a", _("a is better")
    B = "b", _("b is better")
    TIE = "tie", _("Equally good")
    BOTH_BAD = "both_bad", _("Both bad")
    SKIP = "skip", _("Skipped")


class Winner(models.TextChoices):
    """The winner of a verdict."""

    A = "a", "a"
    B = "b", "b"
    TIE = "tie", _("Tie")
    BOTH_BAD = "both_bad", _("Both bad")


class Flag(models.TextChoices):
    """Why a comparison should not be given out until a lead has reviewed it."""

    HARM = "harm", _("Harmful")
    PERSONAL_DATA = "personal_data", _("Personal data")
