"""A refused form opens where it is wrong."""

from django import forms
from django.template import Context, Template


class Recipe(forms.Form):
    name = forms.CharField()
    steps = forms.IntegerField(min_value=1)
    pinch = forms.IntegerField(min_value=1)


PAGE = Template(
    "{% load form_parts %}{% control form.name %}{% folded title='More' %}{% control form.steps %}"
    "{{ form.steps.errors }}{% control form.pinch %}{% endfolded %}"
)


def page(**values: str) -> str:
    return PAGE.render(Context({"form": Recipe(values or None)}))


def test_a_form_that_nobody_has_sent_is_folded_and_takes_no_focus() -> None:
    assert '<details class="more"><summary>More</summary>' in page()
    assert "autofocus" not in page()


def test_the_first_wrong_field_has_the_focus_and_its_part_is_open() -> None:
    refused = page(name="Soup", steps="0", pinch="0")
    assert '<details class="more" open>' in refused
    assert refused.count("autofocus") == 1
    assert refused.index('name="steps"') < refused.index("autofocus") < refused.index('name="pinch"')


def test_a_part_without_a_wrong_field_stays_folded() -> None:
    assert '<details class="more"><summary>' in page(name="", steps="1", pinch="1")


def test_a_part_can_be_open_from_the_start_and_its_title_is_escaped() -> None:
    part = Template("{% load form_parts %}{% folded title=title is_open=True %}text{% endfolded %}")
    assert part.render(Context({"title": "a < b"})) == (
        '<details class="more" open><summary>a &lt; b</summary>text</details>'
    )
