"""The notes of an import as its page lists them: where each field went, contradictions, warnings."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from labeling.actions.import_notes import NOTES

USES = (("used", _("Used")), ("metadata", _("Kept as metadata")), ("refused", _("Reason of refusals")))


def field_uses_of(field_uses: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """The fields by use, each with its number of records. A use without a field is left out."""
    uses = [
        {"label": label, "names": [(name, counts[use]) for name, counts in field_uses.items() if counts.get(use)]}
        for use, label in USES
    ]
    return [use for use in uses if use["names"]]


def notes_of(notes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The notes in words, each with its number of records and, of what the model says, an example."""
    examples = notes.get("examples", {})
    return [
        {"text": NOTES.get(code, code), "count": count, "example": examples.get(code)}
        for code, count in notes.get("notes", {}).items()
    ]
