"""Refused choices of an export, in the reader's language."""

import pytest
from django.utils import translation

from common.errors import Invalid
from labeling.actions.export_choices import write_options
from labeling.actions.unfit_options import refusal_of
from labeling.exchange import UnfitOption, writer
from labeling.exchange.options import WriteOptions


@pytest.mark.parametrize(
    ("values", "option", "german"),
    [
        ({"region": "XX"}, "region", "„XX“ ist kein Ländercode wie DE oder US."),
        ({"similarity": 0.1}, "similarity", "Eine Ähnlichkeit von 0.1; sie liegt zwischen 0.5 und 1."),
        ({"patterns": ["x*"]}, "patterns", "„x*“ trifft Stellen ohne Zeichen: dort gibt es nichts zu schwärzen."),
        ({"patterns": ["100%("]}, "patterns", "„100%(“ ist kein regulärer Ausdruck: "),
        ({"contaminated": "drop"}, "contaminated", "Nennen Sie eine Datei mit den Prompts der Evaluation."),
    ],
)
def test_a_refused_choice_is_explained_in_the_readers_language(values: dict, option: str, german: str) -> None:  # type: ignore[type-arg]
    with translation.override("de"), pytest.raises(Invalid) as refused:
        write_options(values, acting_user=None)
    assert refused.value.fields[option].startswith(german)


def test_programs_without_a_language_read_english() -> None:
    with pytest.raises(UnfitOption, match="trl holds only comparisons with a verdict") as refused:
        writer("trl").include(WriteOptions(include="all"))
    assert refusal_of(refused.value).fields == {"include": "trl holds only comparisons with a verdict."}
