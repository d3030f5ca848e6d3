"""Events as pages show them."""

from django.template import Context, Template


def test_a_page_names_an_event_by_its_label() -> None:
    page = Template("{% load events %}{{ verb|event_label }}")
    assert page.render(Context({"verb": "judgment.made"})) == "Judgment made"
