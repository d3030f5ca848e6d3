"""The form of automatic retraining: times as people say them, and cron for what they do not say."""

from datetime import time
from typing import Any, ClassVar, get_args

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.schedules import HOURS, Kind, Schedule
from training.actions.retraining import DEFAULT_MIN_FRESH_VERDICTS, check_cron
from training.errors import WrongSchedule
from training.models import RetrainingRule

KINDS: tuple[tuple[Kind, Any], ...] = (
    ("enough", _("As soon as there are enough verdicts")),
    ("daily", _("Every day")),
    ("weekly", _("Every week")),
    ("hourly", _("Every few hours")),
    ("cron", _("Advanced (cron)")),
)
SUNDAY, MONDAY = 0, 1
WEEKDAYS = (
    (MONDAY, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (SUNDAY, _("Sunday")),
)


def _every() -> list[tuple[int, str]]:
    """The steps of an hourly time, in words."""
    return [
        (hours, gettext("every hour") if hours == 1 else gettext("every %(hours)s hours") % {"hours": hours})
        for hours in HOURS
    ]


def time_in_words(cron: str) -> str:
    """When the rule looks whether there are enough verdicts; a cron time without plain words stays as it is."""
    schedule = Schedule.of(cron)
    if schedule.kind == "cron":
        return cron
    if schedule.kind == "hourly":
        return dict(_every())[schedule.hours]
    words = str(dict(KINDS)[schedule.kind])
    if schedule.kind == "enough":
        return words
    day = f" ({dict(WEEKDAYS)[schedule.weekday]})" if schedule.kind == "weekly" else ""
    return f"{words}{day}, {schedule.at:%H:%M}"


USED: dict[str | None, tuple[str, ...]] = {
    "daily": ("at",),
    "weekly": ("weekday", "at"),
    "hourly": ("hours",),
    "cron": ("cron",),
}
"""The fields that a kind of time needs."""


class RetrainingRuleForm(forms.Form):
    """The rule of automatic retraining. Fields that the chosen kind of time does not use keep their values."""

    needed = ("at", "cron")
    wordings: ClassVar = {"cron": time_in_words}

    enabled = forms.BooleanField(label=_("Retrain automatically"), required=False)
    min_fresh_verdicts = forms.IntegerField(
        label=_("Fresh verdicts needed"), min_value=1, initial=DEFAULT_MIN_FRESH_VERDICTS
    )
    kind = forms.ChoiceField(label=_("When"), choices=KINDS, initial="enough")
    weekday = forms.TypedChoiceField(label=_("Day"), choices=WEEKDAYS, coerce=int, initial=MONDAY, required=False)
    at = forms.TimeField(
        label=_("Time"),
        required=False,
        initial=time(3),
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    hours = forms.TypedChoiceField(
        label=_("How often"),
        choices=_every,
        coerce=int,
        initial=6,
        required=False,
        help_text=_("Counted from midnight."),
    )
    cron = forms.CharField(
        label=_("Cron expression"),
        required=False,
        help_text=_("Minute, hour, day, month, weekday: “0 3 * * 1-5” is Monday to Friday at three."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    auto_promote = forms.BooleanField(
        label=_("Promote automatically if the gate is met"),
        required=False,
        help_text=_("Otherwise a person decides."),
    )

    def __init__(self, sent: QueryDict | None = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(sent, auto_id="retraining_%s", initial=initial)
        zone = gettext("Time zone of this server: %(zone)s.") % {"zone": settings.TIME_ZONE}
        self.fields["at"].help_text = zone

    @classmethod
    def of(cls, rule: RetrainingRule | None) -> "RetrainingRuleForm":
        """The form filled with the current rule."""
        if rule is None:
            return cls()
        names = ("enabled", "min_fresh_verdicts", "auto_promote")
        schedule = Schedule.of(rule.cron)
        times: dict[str, Any] = {"kind": schedule.kind, "cron": rule.cron}
        if schedule.kind in ("daily", "weekly"):
            times["at"] = schedule.at
        if schedule.kind == "weekly":
            times["weekday"] = schedule.weekday
        if schedule.kind == "hourly":
            times["hours"] = schedule.hours
        return cls(initial={name: getattr(rule, name) for name in names} | times)

    def add_error(self, field: str | None, error: Any) -> None:
        """Puts errors of the cron time where people choose a time, unless they typed one in cron."""
        is_hidden = field == "cron" and self.data.get("kind") != "cron"
        super().add_error("kind" if is_hidden else field, error)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        kind = values.get("kind")
        for name in {"weekday", "at", "hours", "cron"} - set(USED.get(kind, ())):
            self.errors.pop(name, None)  # the page hides it
        if kind in ("daily", "weekly") and values.get("at") is None and "at" not in self.errors:
            self.add_error("at", gettext("Choose a time of day, such as 03:00."))
        if kind == "weekly" and values.get("weekday") == "" and "weekday" not in self.errors:
            self.add_error("weekday", gettext("Choose a day."))
        if kind == "cron":
            try:
                check_cron(values.get("cron", ""))
            except WrongSchedule as error:
                self.add_error("cron", error.message)
        return values

    def rule(self) -> dict[str, Any]:
        """Arguments for `save_retraining_rule`. Call is_valid first."""
        values = self.cleaned_data
        assert values["kind"] in get_args(Kind)
        schedule = Schedule(
            values["kind"],
            at=values.get("at") or time(3),
            weekday=values.get("weekday") or SUNDAY,
            hours=values.get("hours") or HOURS[0],
            expression=values.get("cron", ""),
        )
        names = ("enabled", "min_fresh_verdicts", "auto_promote")
        return {name: values[name] for name in names} | {"cron": schedule.cron}
