"""Text areas: line breaks are one character, however the browser sends them."""

from django import forms

from common.text_area import TextArea


class Note(forms.Form):
    text = forms.CharField(max_length=5, widget=TextArea())


def test_line_breaks_count_as_one_character_and_are_stored_as_one() -> None:
    form = Note({"text": "a\r\nb\rc"})
    assert form.is_valid()
    assert form.cleaned_data == {"text": "a\nb\nc"}


def test_a_missing_text_stays_missing() -> None:
    assert not Note({}).is_valid()
