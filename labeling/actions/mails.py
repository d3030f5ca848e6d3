"""E-mails about accounts: requested as rows, written and sent by a worker."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from common.broker import send
from labeling.models import MailRequest, User

SEND_MAIL = "labeling.tasks.send_mail"
RETRIED_FOR = timedelta(hours=1)
KEPT_FOR = timedelta(days=1)
CONFIRMATION = "labeling.confirm-address"
"""The salt of links that confirm an address."""


def can_send_mail() -> bool:
    """Whether this server is set up to send e-mail."""
    return not str(settings.EMAIL_BACKEND).endswith("dummy.EmailBackend")


def mail_goes_to_log() -> bool:
    """Whether this server writes e-mail to the log of the worker instead of delivering it, as `make run` does."""
    return str(settings.EMAIL_BACKEND).endswith("console.EmailBackend")


def request_password_reset(*, address: str, site: str, language: str, now: datetime) -> MailRequest:
    """Has a link to reset the password sent to the address, if active accounts have it. site: as in `MailRequest`."""
    return _request(kind=MailRequest.Kind.RESET, address=address, site=site, language=language, requested_at=now)


def request_confirmation(*, user: User, address: str, site: str, language: str, now: datetime) -> MailRequest:
    """Has a link sent with which the user confirms a new address. Until then the old address stays."""
    kind = MailRequest.Kind.CONFIRM
    return _request(kind=kind, user=user, address=address, site=site, language=language, requested_at=now)


def send_mail_request(*, mail_id: int, now: datetime) -> bool:
    """Writes and sends a requested e-mail, once. Returns whether this call did. Raises OSError, SMTPException.

    After an error the request stays unsent, and the next sweep tries again.
    """
    with transaction.atomic():
        mail = MailRequest.objects.select_for_update(skip_locked=True).filter(pk=mail_id, sent_at=None).first()
        if mail is None:
            return False
        with translation.override(mail.language):
            _send_reset(mail) if mail.kind == MailRequest.Kind.RESET else _send_confirmation(mail)
        mail.sent_at = now
        mail.save(update_fields=["sent_at"])
    return True


def send_due_mails(*, now: datetime) -> int:
    """Enqueues unsent e-mails again and deletes old requests. Returns how many were due."""
    MailRequest.objects.filter(requested_at__lte=now - KEPT_FOR).delete()
    due = list(
        MailRequest.objects.filter(sent_at=None, requested_at__gt=now - RETRIED_FOR).values_list("pk", flat=True)
    )
    send(SEND_MAIL, *due)
    return len(due)


def address_token(user: User, address: str) -> str:
    """The token of a link that confirms the address. It is void once the user has another address than now."""
    return signing.dumps({"user": user.pk, "address": address, "was": user.email}, salt=CONFIRMATION)


def read_address_token(token: str) -> Mapping[str, Any] | None:
    """The contents of `address_token`; None: forged or expired."""
    try:
        contents: Mapping[str, Any] = signing.loads(token, salt=CONFIRMATION, max_age=settings.PASSWORD_RESET_TIMEOUT)
    except signing.BadSignature:
        return None
    return contents


@transaction.atomic
def _request(**values: Any) -> MailRequest:
    mail = MailRequest.objects.create(**values)
    transaction.on_commit(lambda: send(SEND_MAIL, mail.pk))
    return mail


class _ResetForm(PasswordResetForm):
    """Django's search for the accounts and its links; an error of the mail server is raised, and not only logged."""

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        _send(subject_template_name, email_template_name, context, to=to_email)


def _send_reset(mail: MailRequest) -> None:
    scheme, _, host = mail.site.partition("://")
    form = _ResetForm({"email": mail.address})
    if form.is_valid():
        form.save(
            domain_override=host,
            use_https=scheme == "https",
            subject_template_name="mail/password_reset_subject.txt",
            email_template_name="mail/password_reset.txt",
        )


def _send_confirmation(mail: MailRequest) -> None:
    assert mail.user is not None
    token = address_token(mail.user, mail.address)
    context = {"username": mail.user.username, "link": mail.site + reverse("address_confirm", args=[token])}
    _send("mail/confirm_address_subject.txt", "mail/confirm_address.txt", context, to=mail.address)


def _send(subject: str, text: str, context: Mapping[str, Any], *, to: str) -> None:
    """Sends a message made of two templates."""
    values = {**context, "hours": settings.PASSWORD_RESET_TIMEOUT // 3600}
    title = " ".join(render_to_string(subject, values).split())
    EmailMessage(title, render_to_string(text, values).strip() + "\n", to=[to]).send()
