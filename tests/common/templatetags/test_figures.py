"""Numbers in templates, and a dash for a missing one."""

from datetime import timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.translation import override

from tests.people import NOON


def rendered(expression: str, **values: Any) -> str:
    """The text that a template renders for an expression."""
    with override("en"):
        return Template(f"{{% load figures %}}{{{{ {expression} }}}}").render(Context(values))


def test_the_first_minute_is_no_number_of_minutes() -> None:
    now = timezone.now()
    assert rendered("x|ago", x=now - timedelta(seconds=20)) == "just now"
    assert rendered("x|ago", x=now - timedelta(minutes=3, seconds=5)) == "3\xa0minutes ago"


@pytest.mark.parametrize(
    ("expression", "value", "text"),
    [
        ("x|grouped", 12345, "12,345"),
        ("x|grouped", 12345.0, "12,345"),
        ("x|grouped", 0.5, "–"),
        ("x|percent", 0.5, "50.0 %"),
        ("x|figure:2", 0.125, "0.12"),
        ("x|coordinate", 1 / 3, "0.33"),
        ("x|duration", 40, "40 s"),
        ("x|duration", 89.6, "90 s"),
        ("x|duration", 700, "12 min"),
        ("x|duration", 11_100, "3 h 5 min"),
        ("x|days", 0.01, "1 h"),
        ("x|days", 0.2, "5 h"),
        ("x|days", 1.2, "1 day"),
        ("x|days", 20.4, "20 days"),
        ("x|days", 21, "3 weeks"),
    ],
)
def test_a_number_is_rounded_to_a_sensible_unit(expression: str, value: float, text: str) -> None:
    assert rendered(expression, x=value) == text


@pytest.mark.parametrize("name", ["grouped", "percent", "figure", "duration", "days", "took:y"])
def test_a_missing_number_is_a_dash(name: str) -> None:
    assert rendered(f"x|{name}", x=None, y=None) == "–"


def test_the_time_between_two_moments() -> None:
    assert rendered("x|took:y", x=NOON, y=NOON + timedelta(minutes=12)) == "12 min"


def test_a_marked_sentence_is_translated_and_none_is_empty() -> None:
    assert rendered("x|translated", x="No comparison has two votes yet.") == "No comparison has two votes yet."
    assert rendered("x|translated", x=None) == ""
    with override("de"):
        template = Template("{% load figures %}{{ x|translated }}")
        assert "Vergleich" in template.render(Context({"x": "No comparison has two votes yet."}))
