"""Making a campaign in one go: rules, what is compared, who judges, and the first candidates. All of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import DomainError, Invalid
from labeling.access import get_person
from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.imports import ImportReport, import_comparisons, import_prompts
from labeling.actions.members import add_member
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.exchange import ByteStream, Message
from labeling.models import Campaign, Membership, User
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.models import GenerationJob


@dataclass(frozen=True, slots=True)
class Material:
    """What is compared. prompts: texts that are asked. file: of prompts, or of comparisons (kind), or None."""

    prompts: Sequence[str] = ()
    file: ByteStream | None = None
    kind: str = "prompts"


@dataclass(slots=True)
class SetUp:
    """What was made. report: of the file, if there was one. job: writes the candidates, if some were asked for."""

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
) -> SetUp:
    """A campaign with everything it needs. rules: as `create_campaign` takes them. people: role by user name.
    candidates: None to write none. start: whether annotators are given something at once.

    Raises what its parts raise, with the fields `people`, `prompts`, `file` and `candidates` where one of those is
    wrong; then nothing is made.
    """
    made = SetUp(create_campaign(**rules, acting_user=acting_user, now=now))
    _bring(made, material or Material(), acting_user, now)
    for name, role in (people or {}).items():
        with _about("people"):
            user = get_person(name)
            if user != acting_user:  # who makes it leads it already, and may judge in it
                add_member(campaign=made.campaign, user=user, role=role, acting_user=acting_user, now=now)
                made.people.append(user)
    if candidates is not None:
        with _about("candidates"):
            made.job = start_generation(campaign=made.campaign, spec=candidates, acting_user=acting_user, now=now)
    if start:
        made.campaign = change_campaign_status(
            campaign=made.campaign, status=Campaign.Status.ACTIVE, acting_user=acting_user, now=now
        )
    return made


def role_of(word: str) -> str:
    """A role by its name; empty: annotator. Raises Invalid."""
    role = word.strip().lower() or Membership.Role.ANNOTATOR
    if role not in Membership.Role.values:
        known = ", ".join(Membership.Role.values)
        raise Invalid(_("There is no role %(word)s. Known are %(known)s.") % {"word": repr(word), "known": known})
    return role


def _bring(made: SetUp, material: Material, acting_user: User, now: datetime) -> None:
    campaign = made.campaign
    if material.prompts:
        with _about("prompts"):
            drafts = [PromptDraft([Message(role="user", content=text)]) for text in material.prompts]
            added = add_prompts(campaign=campaign, prompts=drafts, acting_user=acting_user, now=now)
            if added.rejected:
                raise Invalid(
                    _("Line %(number)s: %(reason)s")
                    % {"number": added.rejected[0][0] + 1, "reason": added.rejected[0][1]}
                )
            made.prompts = added.created
    if material.file is not None:
        bring = import_prompts if material.kind == "prompts" else import_comparisons
        with _about("file"):
            made.report = bring(campaign=campaign, stream=material.file, acting_user=acting_user, now=now)
            if not made.report.created:
                first = made.report.rejected[0] if made.report.rejected else None
                text = (
                    _("Nothing in the file could be used; line %(line)s: %(reason)s")
                    if first
                    else _("Nothing in the file could be used; it is empty.")
                )
                raise Invalid(text % {"line": first.line if first else 0, "reason": first.reason if first else ""})


class _about:  # noqa: N801 - a context manager, used like a function
    """Says which field an error is about, where the error does not."""

    def __init__(self, field_name: str) -> None:
        self.field_name = field_name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DomainError):
            error.fields = {self.field_name: error.message}
