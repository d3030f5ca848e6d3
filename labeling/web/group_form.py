"""The form that declares a grouping: one field for each annotator, with the name of their group."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labeling.models import AnnotatorGroup, Campaign, Grouping, User
from labeling.queries.groups import groupable
from labeling.queries.names import name_for_leads

MOST_PEOPLE = 500
"""People in the form, the members first. More are grouped by the API or the command, and stay where they are here."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with their field."""

    name: str
    field: BoundField


class GroupingForm(forms.Form):
    """A grouping's name, and each person's group; people without one are in none."""

    name = forms.CharField(
        label=_("Name of the grouping"),
        max_length=Grouping.NAME_CHARACTERS,
        help_text=_("By region, training, customer."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, sent: QueryDict | None, *, campaign: Campaign, grouping: Grouping | None) -> None:
        super().__init__(sent, initial={"name": grouping.name if grouping else ""})
        self.people: list[User] = list(groupable(campaign)[:MOST_PEOPLE])
        self.others = _others(grouping, self.people)
        chosen = dict(grouping.members.values_list("person", "group__name")) if grouping else {}
        self.chosen = chosen
        # Members of a pseudonymous campaign are known by name; how they vote is not. See labeling.queries.groups.
        self.names = [
            one.username if campaign.pseudonymous and one.is_active else name_for_leads(one, campaign)
            for one in self.people
        ]
        for one, shown in zip(self.people, self.names, strict=True):
            self.fields[f"group_{one.username}"] = forms.CharField(
                label=gettext("Group of %(name)s") % {"name": shown},
                max_length=AnnotatorGroup.NAME_CHARACTERS,
                required=False,
                initial=chosen.get(one.pk, ""),
                widget=forms.TextInput(attrs={"list": "group-names", "autocomplete": "off"}),
            )

    @property
    def rows(self) -> list[PersonRow]:
        return [
            PersonRow(shown, self[f"group_{one.username}"]) for one, shown in zip(self.people, self.names, strict=True)
        ]

    def groups(self) -> dict[str, Sequence[User]]:
        """The members of each group that was typed, and those without a field. Call is_valid first."""
        found = {title: list(people) for title, people in self.others.items()}
        for one in self.people:
            field = f"group_{one.username}"  # not sent by a page from before they joined
            if title := self.cleaned_data[field].strip() if field in self.data else self.chosen.get(one.pk, ""):
                found.setdefault(title, []).append(one)
        return dict(found)


def _others(grouping: Grouping | None, shown: Sequence[User]) -> dict[str, list[User]]:
    """The members of each group who have no field in the form, but may be in one."""
    found: dict[str, list[User]] = {}
    if grouping is None or len(shown) < MOST_PEOPLE:
        return found
    rows = grouping.members.exclude(person__in=[one.pk for one in shown]).filter(
        person__in=groupable(grouping.campaign)
    )
    for row in rows.select_related("group", "person").order_by("person"):
        found.setdefault(row.group.name, []).append(row.person)
    return found
