"""The pages that a problem's `type` leads to. For anybody: they say nothing about this installation."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labeling.api.problems import problem_types


@require_safe
def problems_page(request: HttpRequest) -> HttpResponse:
    """Every type of problem."""
    return render(request, "labeling/problems.html", {"problems": problem_types()})


@require_safe
def problem_page(request: HttpRequest, name: str) -> HttpResponse:
    """One type of problem."""
    found = [one for one in problem_types() if one.name == name]
    if not found:
        raise Http404("There is no such type of problem.")
    return render(request, "labeling/problems.html", {"problems": found, "problem": found[0]})
