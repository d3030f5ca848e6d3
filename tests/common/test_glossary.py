"""The terms of the product: each defined once, in a sentence or two."""

import re

import pytest
from django.utils.translation import override

from common.glossary import all_terms, term_of


def test_every_term_is_defined_once_and_briefly() -> None:
    terms = list(all_terms())
    assert len({term.key for term in terms}) == len({str(term.name) for term in terms}) == len(terms) > 60
    for term in terms:
        assert re.fullmatch(r"[a-z_]+", term.key)
        sentences = re.split(r"(?<=\.) ", str(term.meaning))
        assert len(sentences) <= 3, term.key
        assert all(sentence.endswith(".") and len(sentence.split()) < 25 for sentence in sentences), term.key


def test_every_term_speaks_german() -> None:
    english = [str(term.meaning) for term in all_terms()]
    with override("de"):
        german = [str(term.meaning) for term in all_terms()]
    assert not set(english) & set(german)


def test_a_term_is_found_by_its_key() -> None:
    assert term_of("kl").name == "KL divergence"
    with pytest.raises(KeyError):
        term_of("nothing")
