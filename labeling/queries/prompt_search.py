"""Prompts by a part of their text, through the trigram index."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Upper

from labeling.exchange import canonical_json
from labeling.models import PROMPT_TEXT, Prompt


def prompts_with(text: str) -> QuerySet[Prompt, Any]:
    """The ids of prompts (of any campaign) whose messages contain a text, whatever its case."""
    return Prompt.objects.alias(written=Upper(PROMPT_TEXT)).filter(written__contains=written(text)).values("pk")


def written(text: str) -> str:
    """A text as it stands within the JSON of a prompt, in capitals as in the index."""
    return canonical_json(text).decode()[1:-1].upper()
