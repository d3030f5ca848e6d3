"""Setting up a whole campaign: rules, data, people and first candidates. All of it is made, or nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import DomainError, Invalid
from common.sentences import Sentence
from labeling.access import get_person
from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.import_reports import EmptyFile, ImportReport
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.invitations import create_invitation
from labeling.actions.members import add_member
from labeling.exchange import ByteStream
from labeling.models import Campaign, User
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.models import GenerationJob


@dataclass(frozen=True, slots=True)
class MaterialFile:
    """A file of prompts or comparisons (kind). name: for the report."""

    name: str
    stream: ByteStream
    kind: str = "prompts"


@dataclass(frozen=True, slots=True)
class Material:
    """The data of a new campaign. prompts: texts of the user."""

    prompts: Sequence[str] = ()
    files: Sequence[MaterialFile] = ()


@dataclass(frozen=True, slots=True)
class InvitationWish:
    """An invitation link to create with the campaign. max_uses: None: for any number of people."""

    role: str
    days: int
    max_uses: int | None = None


@dataclass(slots=True)
class CampaignSetUp:
    """The result. prompts: how many were added from the form. reports: on each file, by name, in order. job: writes the
    candidates, if any. invitation: the token of the link, which can be shown only now."""

    campaign: Campaign
    prompts: int = 0
    reports: list[tuple[str, ImportReport]] = field(default_factory=list)
    people: list[User] = field(default_factory=list)
    job: GenerationJob | None = None
    invitation: str = ""


@transaction.atomic
def set_up_campaign(
    *,
    rules: Mapping[str, Any],
    acting_user: User,
    now: datetime,
    material: Material | None = None,
    people: Mapping[str, str] | None = None,
    candidates: GenerationSpec | None = None,
    invitation: InvitationWish | None = None,
    start: bool = False,
) -> CampaignSetUp:
    """Makes a campaign with everything it needs, or nothing.

    rules: keyword arguments of `create_campaign`. people: roles by user name. candidates: None to generate none. start:
    whether to open it to annotators at once. Raises the errors of its parts; their `fields` say which of `people`,
    `prompts`, `uploads`, `candidates` and `invite` is wrong.
    """
    set_up = CampaignSetUp(create_campaign(**rules, acting_user=acting_user, now=now))
    _add_material(set_up, material or Material(), acting_user, now)
    for name, role in (people or {}).items():
        with _errors_about("people"):
            user = get_person(name)
            if user != acting_user:  # its creator leads it already, and may judge in it
                add_member(campaign=set_up.campaign, user=user, role=role, acting_user=acting_user, now=now)
                set_up.people.append(user)
    if invitation is not None:
        with _errors_about("invite"):
            ends = now + timedelta(days=invitation.days)
            _invitation, set_up.invitation = create_invitation(
                campaign=set_up.campaign,
                role=invitation.role,
                max_uses=invitation.max_uses,
                expires_at=ends,
                acting_user=acting_user,
                now=now,
            )
    if candidates is not None:
        with _errors_about("candidates"):
            set_up.job = start_generation(campaign=set_up.campaign, spec=candidates, acting_user=acting_user, now=now)
    if start:
        set_up.campaign = change_campaign_status(
            campaign=set_up.campaign, status=Campaign.Status.ACTIVE, acting_user=acting_user, now=now
        )
    return set_up


def _add_material(set_up: CampaignSetUp, material: Material, acting_user: User, now: datetime) -> None:
    campaign = set_up.campaign
    if material.prompts:
        with _errors_about("prompts"):
            lines = "\n".join(json.dumps({"prompt": text}) for text in material.prompts)
            # An import like that of a file: a batch, which can be taken back.
            report = import_prompts(campaign=campaign, stream=BytesIO(lines.encode()), acting_user=acting_user, now=now)
            if report.rejected:
                first = report.rejected[0]
                raise Invalid(
                    _("Line %(number)s: %(reason)s") % {"number": first.line, "reason": Sentence.of(first.reason)}
                )
            set_up.prompts = report.created
    for file in material.files:
        bring = import_prompts if file.kind == "prompts" else import_comparisons
        with _errors_about("uploads"):
            try:
                report = bring(
                    campaign=campaign, stream=file.stream, file_name=file.name, acting_user=acting_user, now=now
                )
            except EmptyFile as error:
                raise Invalid(_("%(name)s is empty.") % {"name": file.name}) from error
            set_up.reports.append((file.name, report))
            if not report.created and not report.duplicates:
                first = report.rejected[0]
                text = _("%(name)s: no record could be used; line %(line)s: %(reason)s")
                raise Invalid(text % {"name": file.name, "line": first.line, "reason": Sentence.of(first.reason)})


@contextmanager
def _errors_about(field_name: str) -> Iterator[None]:
    """Sets the field that a DomainError raised inside is about."""
    try:
        yield
    except DomainError as error:
        error.fields = {field_name: error.message}
        raise
