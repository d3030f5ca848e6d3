"""The steps of the form for a new campaign, filled in with what a draft holds."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.actions.rules import RULES
from labeling.models import User
from labeling.web.campaign_forms import NewCampaignForm
from labeling.web.documents import TEXT, reads_like_a_document
from labeling.web.imports import DIALECTS
from training.access import visible_versions
from training.models import CampaignDraft, DraftFile
from training.queries.serving import current_deployment
from training.web.setting_up_form import SettingUpForm


@dataclass(frozen=True, slots=True)
class Step:
    """One step. fields: checked when it is left. default: the act of Enter in a field (see `new_campaign`)."""

    name: str
    title: str | Promise
    fields: frozenset[str]
    default: str = "next"


BASICS = ("name", "description")
STEPS = (
    Step("basics", _("Basics"), frozenset(BASICS)),
    Step("task", _("Task"), frozenset({*RULES, "guidelines"} - set(BASICS))),
    Step("data", _("Data"), frozenset({"prompts", "uploads"})),
    Step(
        "model",
        _("Model"),
        frozenset({"write", "strategy", "pairs_per_prompt", "version", "other_version", "candidates"}),
    ),
    Step(
        "people",
        _("People"),
        frozenset({"people", "invite", "invite_role", "invite_days", "invite_uses", "start"}),
        default="find",
    ),
)
LAST = len(STEPS)
DIALECT_NAMES: dict[str, str | Promise] = dict(DIALECTS)
OF_THE_REQUEST = ("csrfmiddlewaretoken", "key", "step", "go")
"""Sent with the form, and no part of the campaign."""


class Wizard:
    """The form at one of its steps, numbered from 1. values: what was filled in; None: nothing so far."""

    def __init__(self, user: User, *, key: uuid.UUID, values: Mapping[str, list[str]] | None, present: int = 1) -> None:
        deployment = current_deployment()
        self.serving = deployment.version if deployment else None
        self.key, self.present = key, present
        sent = None if values is None else _query(values)
        self.rules = NewCampaignForm(sent)
        self.rest = SettingUpForm(
            sent, owner=user, versions=visible_versions(user).order_by("-pk"), serving=self.serving
        )
        draft = CampaignDraft.objects.filter(owner=user, key=key, campaign=None).first()
        self.files: list[DraftFile] = list(draft.files.select_related("upload").order_by("pk")) if draft else []
        self.was_filled_in = values is not None

    @property
    def step(self) -> Step:
        return STEPS[self.present - 1]

    def steps(self) -> Iterable[tuple[int, Step]]:
        return enumerate(STEPS, start=1)

    def file_rows(self) -> Iterable[tuple[DraftFile, str | Promise, bool, bool]]:
        """The chosen files: each with the name of its format, and whether it is plain text, and looks like a document.

        The latter is the warning that the preview of an import gives too.
        """
        rows = []
        for file in self.files:
            is_text = file.kind == DraftFile.Kind.PROMPTS and file.dialect == TEXT
            is_document = is_text and reads_like_a_document(file.name, [texts[-1] for texts in file.report["records"]])
            rows.append((file, DIALECT_NAMES.get(file.dialect, file.dialect), is_text, is_document))
        return rows

    @property
    def is_last(self) -> bool:
        return self.present == LAST

    def first_wrong(self, numbers: Iterable[int]) -> int | None:
        """The first of these steps with an error; None: there is none. Errors elsewhere are taken off the forms."""
        checked, wrong = list(numbers), None
        for number in checked:
            if wrong is None and self.errors_at(number):
                wrong = number
        self._forget_errors_except(checked)
        return wrong

    def errors_at(self, number: int) -> bool:
        """Whether a step has an error. An error of the rules as a whole belongs to the task."""
        fields = STEPS[number - 1].fields
        on_fields = any(fields & set(form.errors) for form in (self.rules, self.rest))
        return on_fields or (STEPS[number - 1].name == "task" and bool(self.rules.non_field_errors()))

    def hide_errors(self) -> None:
        """Nobody has left a step yet: what is missing is not wrong."""
        self._forget_errors_except([])

    def _forget_errors_except(self, numbers: Iterable[int]) -> None:
        steps = [STEPS[number - 1] for number in numbers]
        kept = frozenset().union(*(step.fields for step in steps))
        for form in (self.rules, self.rest):
            for name in [name for name in form.errors if name not in kept and not (name == "__all__" and steps)]:
                del form.errors[name]

    def form_of(self, names: Iterable[str]) -> BaseForm:
        """The form that errors about these fields belong to."""
        wanted = set(names)
        return self.rest if wanted and wanted <= set(self.rest.fields) else self.rules


def values_of(sent: QueryDict) -> dict[str, list[str]]:
    """The filled-in fields of a request, for a draft."""
    return {name: [_storable(value) for value in sent.getlist(name)] for name in sent if name not in OF_THE_REQUEST}


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL in JSON. It is replaced by a character that no check accepts in silence."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _query(values: Mapping[str, list[str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, texts in values.items():
        query.setlist(name, list(texts))
    return query


def key_of(text: Any) -> uuid.UUID:
    """The key that a form brings; a new one if it brings none that is valid."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return uuid.uuid4()
