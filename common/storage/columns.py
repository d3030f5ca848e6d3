"""A column that names a place on the disk, so that each machine finds it below its own CHOSEN_VAR."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField


class PlaceField(_CharField):
    """A path. Below CHOSEN_VAR it is stored relative to that, and read as a path of the machine that reads it.

    Elsewhere it is stored as it is: every machine must have the same there. Older rows hold full paths everywhere.
    """

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """To migrations it is a column of characters."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """The path on this machine."""
        return str(Path(settings.VAR_DIR) / value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """The path as it is stored."""
        text = super().get_prep_value(value)
        if text and Path(text) != Path(settings.VAR_DIR) and Path(text).is_relative_to(settings.VAR_DIR):
            return Path(text).relative_to(settings.VAR_DIR).as_posix()
        return text
