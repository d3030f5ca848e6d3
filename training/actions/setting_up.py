"""Setting up a whole campaign: rules, data, people and first candidates. All of it is made, or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import DomainError, Invalid
from labeling.access import get_person
from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.import_reports import ImportReport
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.members import add_member
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.exchange import ByteStream, Message
from labeling.models import Campaign, Membership, User
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.models import GenerationJob


@dataclass(frozen=True, slots=True)
class Material:
    """The data of a new campaign. prompts: texts of the user. file: holds prompts or comparisons (kind), or None."""

    prompts: Sequence[str] = ()
    file: ByteStream | None = None
    kind: str = "prompts"


@dataclass(slots=True)
class CampaignSetUp:
    """The result. prompts: how many were added. report: on the file, if any. job: writes the candidates, if any."""

    campaign: Campaign
    prompts: int = 0
    report: ImportReport | None = None
    people: list[User] = field(default_factory=list)
    job: GenerationJob | None = None


@transaction.atomic
def set_up_campaign(
    *,
    rules: Mapping[str, Any],
    acting_user: User,
    now: datetime,
    material: Material | None = None,
    people: Mapping[str, str] | None = None,
    candidates: GenerationSpec | None = None,
    start: bool = False,
) -> CampaignSetUp:
    """Makes a campaign with everything it needs, or nothing.

    rules: keyword arguments of `create_campaign`. people: roles by user name. candidates: None to generate none. start:
    whether to open it to annotators at once. Raises the errors of its parts; their `fields` say which of `people`,
    `prompts`, `file` and `candidates` is wrong.
    """
    set_up = CampaignSetUp(create_campaign(**rules, acting_user=acting_user, now=now))
    _add_material(set_up, material or Material(), acting_user, now)
    for name, role in (people or {}).items():
        with _errors_about("people"):
            user = get_person(name)
            if user != acting_user:  # its creator leads it already, and may judge in it
                add_member(campaign=set_up.campaign, user=user, role=role, acting_user=acting_user, now=now)
                set_up.people.append(user)
    if candidates is not None:
        with _errors_about("candidates"):
            set_up.job = start_generation(campaign=set_up.campaign, spec=candidates, acting_user=acting_user, now=now)
    if start:
        set_up.campaign = change_campaign_status(
            campaign=set_up.campaign, status=Campaign.Status.ACTIVE, acting_user=acting_user, now=now
        )
    return set_up


def role_of(word: str) -> str:
    """The role of that name; empty: annotator. Raises Invalid."""
    role = word.strip().lower() or Membership.Role.ANNOTATOR
    if role not in Membership.Role.values:
        roles = ", ".join(Membership.Role.values)
        raise Invalid(_("There is no role %(word)s. There are: %(roles)s.") % {"word": repr(word), "roles": roles})
    return role


def _add_material(set_up: CampaignSetUp, material: Material, acting_user: User, now: datetime) -> None:
    campaign = set_up.campaign
    if material.prompts:
        with _errors_about("prompts"):
            drafts = [PromptDraft([Message(role="user", content=text)]) for text in material.prompts]
            added = add_prompts(campaign=campaign, prompts=drafts, acting_user=acting_user, now=now)
            if added.rejected:
                raise Invalid(
                    _("Line %(number)s: %(reason)s")
                    % {"number": added.rejected[0][0] + 1, "reason": added.rejected[0][1]}
                )
            set_up.prompts = added.created
    if material.file is not None:
        bring = import_prompts if material.kind == "prompts" else import_comparisons
        with _errors_about("file"):
            set_up.report = bring(campaign=campaign, stream=material.file, acting_user=acting_user, now=now)
            if not set_up.report.created:
                first = set_up.report.rejected[0] if set_up.report.rejected else None
                text = (
                    _("No record of the file could be used; line %(line)s: %(reason)s")
                    if first
                    else _("The file is empty.")
                )
                raise Invalid(text % {"line": first.line if first else 0, "reason": first.reason if first else ""})


@contextmanager
def _errors_about(field_name: str) -> Iterator[None]:
    """Sets the field that a DomainError raised inside is about."""
    try:
        yield
    except DomainError as error:
        error.fields = {field_name: error.message}
        raise
