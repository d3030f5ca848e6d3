"""Origins of comparisons in words."""

import pytest
from django.utils import translation

from labeling.web.origins import origin_in_words


@pytest.mark.parametrize(
    ("source", "english", "german"),
    [
        ("generation 12", "Generation 12", "Schreibauftrag 12"),
        ("import my pairs.jsonl", "Import of my pairs.jsonl", "Import von my pairs.jsonl"),
        ("api", "API", "API"),
        ("generation of leaves", "generation of leaves", "generation of leaves"),
        ("", "", ""),
    ],
)
def test_an_origin_is_in_the_readers_words(source: str, english: str, german: str) -> None:
    assert origin_in_words(source) == english
    with translation.override("de"):
        assert origin_in_words(source) == german
