"""The pages that explain the API's problem types. Public: they reveal nothing about this installation."""

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
    problem = next((one for one in problem_types() if one.name == name), None)
    if problem is None:
        raise Http404("There is no such type of problem.")
    return render(request, "labeling/problems.html", {"problems": [problem], "problem": problem})
