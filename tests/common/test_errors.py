"""A domain error has one sentence, for its message and for the page about its type."""

import pytest
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid


class Full(Conflict):
    type = "test-full"
    sentence = gettext_lazy("%(name)s is 100%% full: take another.")


def test_the_sentence_is_the_message_with_its_values() -> None:
    assert Full(name="Box").message == str(Full(name="Box")) == "Box is 100% full: take another."


def test_the_meaning_leaves_the_values_open() -> None:
    assert Full.meaning() == "… is 100% full: take another."


def test_a_more_exact_message_replaces_the_sentence() -> None:
    error = Full("Nothing fits in.", fields={"size": "Too large."})
    assert (error.message, error.fields) == ("Nothing fits in.", {"size": "Too large."})


def test_a_value_that_is_missing_is_a_mistake_of_the_raiser() -> None:
    with pytest.raises(KeyError):
        Full()


def test_a_type_of_its_own_is_not_needed_to_be_raised() -> None:
    assert Invalid().message == "The input is not valid. Nothing was changed."
