"""The glossary: every word of the product. For anybody: it says nothing about this installation."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.glossary import CHAPTERS


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    """All terms, chapter by chapter, each with an address of its own."""
    return render(request, "labeling/glossary.html", {"chapters": CHAPTERS, "nav": "glossary"})
