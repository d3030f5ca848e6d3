"""Erasing a person: the account becomes anonymous. Judgments stay under the pseudonym and count, or are withdrawn."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid, NotAllowed
from labeling.access import leads
from labeling.actions.members import remove_member
from labeling.actions.outside_annotators import opinion_authors, outside_key
from labeling.actions.questions import blank_questions
from labeling.actions.withdrawal import withdraw_judgments
from labeling.events.record import record
from labeling.models import (
    ApiToken,
    AttentionDismissal,
    BrowserSession,
    Comparison,
    Erasure,
    Event,
    GroupMember,
    Invitation,
    Judgment,
    KeptReply,
    KnownPlace,
    MailRequest,
    NoticeChoice,
    Question,
    User,
)
from labeling.queries.trained_on import versions_trained_on


class AlreadyErased(Conflict):
    type = "already-erased"
    sentence = gettext_lazy("This account was erased earlier: there is nothing left to erase.")


@dataclass(frozen=True, slots=True)
class Consequences:
    """The effects of an erasure, for its preview and its record. model_versions: trained on them; these stay."""

    judgments: int
    comments: int
    questions: int
    tokens: int
    campaigns: int
    model_versions: list[str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def erasure_consequences(*, person: User, acting_user: User | None) -> Consequences:
    """The effects that erasing a person would have. Raises NotAllowed."""
    _require_self_or_admin(person, acting_user)
    judgments = Judgment.objects.filter(annotator=person)
    return Consequences(
        judgments=judgments.count(),
        comments=judgments.filter(_HAS_TEXT).count(),
        questions=Question.objects.filter(asker=person).exclude(text="").count(),
        tokens=ApiToken.objects.filter(user=person).count(),
        campaigns=person.memberships.count(),
        model_versions=versions_trained_on(person),
    )


@transaction.atomic
def erase_person(
    *, person: User, confirmation: str, withdraw: bool = False, acting_user: User | None, now: datetime
) -> Erasure:
    """Makes an account anonymous for good: one's own; for an admin, anybody's; for a lead, an outside annotator's.

    Deletes name, e-mail address, password, tokens, sessions and memberships, and blanks comments, skip reasons and
    questions; of an outside annotator also the name, opinions and other fields of the imported file. Judgments stay
    under the pseudonym, so that statistics and verdicts do not change. withdraw: they no longer count, and comparisons
    that they settled are open again. Model versions that were trained on them stay and are listed. confirmation: the
    user name again, of an outside annotator the pseudonym. Raises NotAllowed, Invalid, AlreadyErased, LastLead.
    """
    _require_self_or_admin(person, acting_user)
    # Not the key yet: an annotator who holds a membership may be writing a row that refers to the user.
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if Erasure.objects.filter(person=person).exists():
        raise AlreadyErased
    if confirmation != person.handle:
        raise Invalid.of("confirmation", _("Type the user name to confirm: this cannot be undone."))
    consequences = erasure_consequences(person=person, acting_user=acting_user)
    for membership in person.memberships.select_related("campaign"):
        remove_member(campaign=membership.campaign, user=person, acting_user=None, now=now)
    User.objects.select_for_update().get(pk=person.pk)  # from here on no row that refers to the user is added
    withdrawn = withdraw_judgments(person=person, acting_user=acting_user, now=now) if withdraw else 0
    erasure = Erasure.objects.create(
        person=person,
        by=acting_user,
        at=now,
        judgments=consequences.judgments,
        withdrawn=withdrawn,
        comments=consequences.comments,
        questions=consequences.questions,
        tokens=consequences.tokens,
        outside_key=outside_key(person.username) if person.is_outside else "",
        model_versions=consequences.model_versions,
    )
    _drop_opinions(person)
    Judgment.objects.filter(_HAS_TEXT | Q(metadata__isnull=False), annotator=person).update(
        comment="", skip_reason="", metadata=None
    )
    blank_questions(person=person, acting_user=acting_user, now=now)
    _blank_invitations(person)
    _blank_account(person)
    after = consequences.as_dict() | {"withdrawn": withdrawn}
    record("person.erased", person, acting_user=acting_user, now=now, after=after)
    return erasure


def _drop_opinions(person: User) -> None:
    """Deletes the opinions of an outside annotator that stand in the metadata of comparisons."""
    if not person.outside_name:
        return
    authors = {person.outside_name, *opinion_authors(person.outside_name)}
    rows = Comparison.objects.filter(campaign=person.outside_campaign, metadata__has_key="opinions").order_by("pk")
    stated = Q()
    for author in authors:
        stated |= Q(metadata__contains={"opinions": [{"annotator": author}]})
    for comparison in rows.filter(stated).select_for_update(no_key=True):
        metadata = dict(comparison.metadata or {})
        opinions = metadata.pop("opinions")
        others = [one for one in opinions if not (isinstance(one, dict) and one.get("annotator") in authors)]
        comparison.metadata = metadata | ({"opinions": others} if others else {}) or None
        comparison.save(update_fields=["metadata"])


_HAS_TEXT = ~Q(comment="") | ~Q(skip_reason="")


def _blank_invitations(person: User) -> None:
    """Blanks the notes of the invitations by which the person came, where these are about this person alone."""
    used = Event.objects.filter(verb="invitation.accepted", subject_type="invitation", actor=person).values_list(
        "subject_id", flat=True
    )
    names = [name for name in (person.username, person.first_name, person.last_name) if name]
    about_person = Q(max_uses=1)
    for name in names:
        about_person |= Q(note__icontains=name)
    Invitation.objects.filter(about_person, pk__in=[int(pk) for pk in used]).update(note="")


def _free_name(name: str) -> str:
    """The name; with an ending where an account had it before such names were reserved."""
    return f"{name}-{secrets.token_hex(4)}" if User.objects.filter(username=name).exists() else name


def _rename_in_replies(before: str, after: str) -> None:
    """Puts the new name into replies to others that are kept for their retries."""
    written = json.dumps(before, ensure_ascii=False)
    for reply in KeptReply.objects.filter(body__contains=written).select_for_update(no_key=True).order_by("pk"):
        reply.body = json.dumps(_renamed(json.loads(reply.body), before, after), ensure_ascii=False)
        reply.save(update_fields=["body"])


WORDS = ("role", "status", "scopes", "choice")
"""The fields of replies that hold our words, which somebody's name may be."""


def _renamed(value: Any, before: str, after: str) -> Any:
    """A JSON value with the new name where the name is a text of its own, and no word of ours."""
    if isinstance(value, dict):
        return {key: one if key in WORDS else _renamed(one, before, after) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, before, after) for one in value]
    return after if value == before else value


def _blank_account(person: User) -> None:
    ApiToken.objects.filter(user=person).delete()
    GroupMember.objects.filter(person=person).delete()
    NoticeChoice.objects.filter(user=person).delete()
    AttentionDismissal.objects.filter(user=person).delete()
    BrowserSession.objects.filter(user=person).delete()
    KnownPlace.objects.filter(user=person).delete()
    SocialAccount.objects.filter(user=person).delete()
    EmailAddress.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
    KeptReply.objects.filter(user=person).delete()
    MailRequest.objects.filter(Q(user=person) | Q(address__iexact=person.email)).exclude(address="").delete()
    for session in Session.objects.iterator(chunk_size=500):
        held = session.get_decoded()
        half_way = (held.get("account_login") or {}).get("user_pk")  # waits for the second step
        if held.get("_auth_user_id") == str(person.pk) or half_way == user_pk_to_url_str(person):
            session.delete()
    about_person = {"content_type": ContentType.objects.get_for_model(User), "object_id": str(person.pk)}
    LogEntry.objects.filter(**about_person).update(object_repr=person.pseudonym, change_message="")
    name = _free_name(f"erased-{person.pk}")
    _rename_in_replies(person.username, name)
    person.username = name
    person.first_name = person.last_name = person.email = person.outside_name = ""
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login = None
    person.set_unusable_password()
    person.save()


def _require_self_or_admin(person: User, acting_user: User | None) -> None:
    if acting_user is None or acting_user.pk == person.pk or acting_user.is_admin:
        return
    if person.outside_campaign is None or not leads(acting_user, person.outside_campaign):
        raise NotAllowed(_("You can erase only your own account. An admin can erase others."))
