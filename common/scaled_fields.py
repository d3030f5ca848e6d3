"""Fields in which people type another unit than the one that is stored: minutes for seconds, percent for shares."""

from typing import Any

from django import forms


class ScaledField(forms.FloatField):
    """A number that is stored `scale` times as large as it is typed. Limits are in the typed unit."""

    scale: float = 1.0

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": forms.NumberInput({"step": "any"}), **options})

    def prepare_value(self, value: Any) -> Any:
        """The value on the page: a stored number in the typed unit, or a text as it was typed."""
        if isinstance(value, int | float):
            return f"{value / self.scale:.6f}".rstrip("0").rstrip(".")
        return value

    def clean(self, value: Any) -> float | None:
        typed = super().clean(value)
        return None if typed is None else self.stored(typed)

    def stored(self, typed: float) -> float:
        """The stored number."""
        return round(typed * self.scale, 9)


class MinutesField(ScaledField):
    """Whole seconds, typed as minutes."""

    scale = 60

    def stored(self, typed: float) -> int:
        return round(typed * self.scale)


class PercentField(ScaledField):
    """A share from 0 to 1, typed as a percentage."""

    scale = 0.01
