"""Frames around tables: which of them the keyboard reaches."""

from django.template import Context, Template


def rendered(arguments: str, **values: str) -> str:
    source = f"{{% load frames %}}{{% table_frame {arguments} %}}<table></table>{{% endtable_frame %}}"
    return Template(source).render(Context(values))


def test_a_frame_with_a_heading_or_a_label_is_a_region_that_the_keyboard_reaches() -> None:
    assert rendered('labelled_by="runs-title"') == (
        '<div class="table-frame" tabindex="0" role="region" aria-labelledby="runs-title"><table></table></div>'
    )
    assert rendered("label=name", name="a < b") == (
        '<div class="table-frame" tabindex="0" role="region" aria-label="a &lt; b"><table></table></div>'
    )


def test_a_frame_of_a_table_that_never_scrolls_is_no_stop_for_the_keyboard() -> None:
    assert rendered("") == '<div class="table-frame"><table></table></div>'
    assert rendered('kind="card"') == '<div class="table-frame card"><table></table></div>'
