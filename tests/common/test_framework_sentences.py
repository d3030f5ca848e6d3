"""German pages address nobody as du: not in our sentences, and in none of the frameworks'."""

import re

import pytest
from django.utils import translation
from django.utils.translation import trans_real

FAMILIAR = re.compile(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein\w*|Gib|Wähle|Überprüfe|Lade|Klicke|Stelle sicher|Lies)\b")


def sentences() -> dict[object, str]:
    """Every sentence that German pages can show, of all catalogues together."""
    merged = trans_real.translation("de")
    catalogs = merged._catalog._catalogs  # type: ignore[attr-defined]
    return {key: catalog[key] for catalog in reversed(catalogs) for key in catalog}


def test_no_sentence_is_familiar() -> None:
    all_of_them = sentences()
    assert len(all_of_them) > 3000
    assert {key: text for key, text in all_of_them.items() if FAMILIAR.search(text)} == {}


@pytest.mark.parametrize("sentence", ["Enter a valid email address.", "Enter a valid URL."])
def test_a_refused_field_is_explained_formally(sentence: str) -> None:
    with translation.override("de"):
        assert translation.gettext(sentence).startswith("Geben Sie")
