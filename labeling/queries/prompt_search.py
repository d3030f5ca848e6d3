"""Prompts and completions by a part of their text, through the trigram indexes.

The texts of an import are not in these indexes at first (see `labeling.actions.text_indexing`). Each row says whether
it is. So a search is two: through the index, and through all rows that are not in it.
"""

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from labeling.exchange import canonical_json
from labeling.models import PROMPT_TEXT, Completion, Prompt

EITHER_WAY = Q(text_indexed=True) | Q(text_indexed=False)
"""True of every row. PostgreSQL uses a partial index only for rows of which its condition is stated."""


def prompts_with(text: str) -> QuerySet[Prompt, Any]:
    """The ids of prompts (of any campaign) whose messages contain a text, whatever its case."""
    return (
        Prompt.objects.alias(written=Upper(PROMPT_TEXT))
        .filter(EITHER_WAY, written__contains=written(text))
        .values("pk")
    )


def completions_with(text: str) -> QuerySet[Completion]:
    """The completions (of any campaign) that contain a text, whatever its case."""
    return Completion.objects.filter(EITHER_WAY, text__icontains=text)


def written(text: str) -> str:
    """A text as it stands within the JSON of a prompt, in capitals as in the index."""
    return canonical_json(text).decode()[1:-1].upper()
