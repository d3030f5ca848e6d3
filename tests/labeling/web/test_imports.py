"""The import and export choices of the pages are the dialects that can be read and written."""

from labeling.exchange import INCLUDES, READERS, WRITERS
from labeling.web import imports
from labeling.web.imports import DIALECTS, EXPORTS


def test_the_form_offers_every_dialect_that_can_be_read() -> None:
    assert next(iter(DIALECTS))[0] == "auto"
    assert {name for name, _ in DIALECTS} == {"auto", *READERS}


def test_the_page_offers_every_dialect_that_can_be_written() -> None:
    assert {name for name, _, _ in EXPORTS} == set(WRITERS)


def test_the_page_offers_every_choice_of_comparisons() -> None:
    assert tuple(name for name, _ in imports.INCLUDES) == INCLUDES
