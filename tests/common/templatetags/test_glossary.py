"""Terms on pages: a button that opens the meaning, without a script."""

import re

from django.template import Context, Template


def rendered(arguments: str, **values: str) -> str:
    return Template(f"{{% load glossary %}}{{% term {arguments} %}}").render(Context(values))


def test_a_button_opens_the_meaning_beside_it_and_leads_to_the_glossary() -> None:
    html = rendered('"margin"')
    assert '<button type="button" class="term-name" popovertarget="term-margin">Margin</button>' in html
    assert re.search(r'<span popover class="term-meaning" id="term-margin" role="note"><b>Margin</b> The hidden', html)
    assert '<a href="/glossary/#margin">' in html


def test_a_page_writes_its_own_words_and_escapes_them() -> None:
    assert ">a &lt; b</button>" in rendered('"margin" label=words', words="a < b")


def test_the_same_term_twice_on_a_page_has_two_addresses() -> None:
    html = rendered('"margin" at="chart"')
    assert 'popovertarget="term-margin-chart"' in html
    assert 'id="term-margin-chart"' in html


def test_a_question_mark_says_its_term_to_those_who_do_not_see_it() -> None:
    assert re.search(
        r'class="term-mark" .*><span class="visually-hidden">Margin</span></button>', rendered('"margin" mark=True')
    )
