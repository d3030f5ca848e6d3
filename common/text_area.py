"""The field for several lines of text in forms."""

from typing import Any

from django import forms


class TextArea(forms.Textarea):
    """A text area whose line breaks arrive as they are stored and counted: browsers send each as two characters."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The text with `\\n` for every line break, so that `maxlength` and `max_length` count alike."""
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value
