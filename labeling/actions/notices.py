"""E-mail, and messages to chat channels, about what waits in people's inboxes."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.errors import Invalid
from common.outgoing.channels import ChannelRefused, channel_problem, send_to_channel
from labeling.models import NoticeChoice, User
from labeling.queries.attention import AttentionItem, attention

When = NoticeChoice.When
A_DAY = timedelta(hours=23)
"""A daily e-mail is due after this long. It is less than a day, so that it does not wander through the hours."""
RETRY_AFTER = timedelta(minutes=10)

logger = logging.getLogger(__name__)


def choose_notices(
    *, when: str, hour: int, channel: str, language: str, acting_user: User, now: datetime
) -> NoticeChoice:
    """Stores when a person is told about their inbox, and where besides by e-mail.

    channel: an Apprise URL, or empty. It is the person's own setting, so the event log does not record it. Items that
    wait already are not sent again. Raises Invalid.
    """
    if when not in When.values:
        raise Invalid.of("when", _("Choose one of the options."))
    if not 0 <= hour <= 23:
        raise Invalid.of("hour", _("Choose an hour from 0 to 23."))
    if when != When.NEVER and not acting_user.email and not channel:
        raise Invalid.of("when", _("Your account has no e-mail address. Add one first, or name a channel."))
    problem = channel_problem(channel) if channel else ""
    if problem:
        raise Invalid.of("channel", problem)
    values = {"when": when, "hour": hour, "channel": channel, "language": language, "failed_at": None}
    choice, _created = NoticeChoice.objects.update_or_create(user=acting_user, defaults=values)
    return choice


def send_notices(*, now: datetime) -> int:
    """Sends what is due: at once, what is new in an inbox; daily, the whole inbox if something in it is new.

    Each person's row is locked, so that two workers never send the same. A refused e-mail is retried. Returns how many
    people were written to.
    """
    recent_failure = Q(failed_at__gt=now - RETRY_AFTER)
    due = NoticeChoice.objects.exclude(when=When.NEVER).exclude(recent_failure).filter(user__is_active=True)
    hour = timezone.localtime(now).hour
    daily_is_due = Q(when=When.DAILY, hour__lte=hour) & (Q(sent_at=None) | Q(sent_at__lt=now - A_DAY))
    people = due.filter(Q(when=When.AT_ONCE) | daily_is_due).values_list("user", flat=True)
    return sum(_send_to(pk, now) for pk in list(people))


@transaction.atomic
def _send_to(user_pk: int, now: datetime) -> bool:
    choice = NoticeChoice.objects.select_for_update(skip_locked=True, of=("self",)).filter(user=user_pk)
    choice_row = choice.select_related("user").first()
    if choice_row is None:
        return False
    with translation.override(choice_row.language):
        items = attention(choice_row.user).items
        news = [item for item in items if item.count > choice_row.sent.get(item.key, 0)]
        shown = items if choice_row.when == When.DAILY else news
        is_sent = bool(news) and _deliver(choice_row, shown)
    if news and not is_sent:
        choice_row.failed_at = now
    else:
        choice_row.sent = {item.key: item.count for item in items}
        choice_row.failed_at = None
        choice_row.sent_at = now if is_sent else choice_row.sent_at
    choice_row.save(update_fields=["sent", "sent_at", "failed_at"])
    return is_sent


def _deliver(choice: NoticeChoice, items: list[AttentionItem]) -> bool:
    """Whether at least one of the person's ways was open."""
    subject, body = _subject(items), _body(items)
    is_sent = False
    if choice.user.email:
        try:
            is_sent = bool(send_mail(subject, body, None, [choice.user.email]))
        except OSError as error:  # smtplib's errors are among them
            logger.warning("The mail server refused a notice for user %s: %s", choice.user_id, error)
    if choice.channel:
        try:
            send_to_channel(choice.channel, subject, body)
            is_sent = True
        except ChannelRefused as error:
            logger.warning("The channel of user %s refused a notice: %s", choice.user_id, error)
    return is_sent


def _subject(items: list[AttentionItem]) -> str:
    if len(items) == 1:
        where = f" ({items[0].campaign.name})" if items[0].campaign else ""
        return f"Chosen: {items[0].sentence}{where}".replace("\n", " ")
    count = len(items)
    return ngettext("Chosen: %(count)d thing waits for you", "Chosen: %(count)d things wait for you", count) % {
        "count": count
    }


def _body(items: list[AttentionItem]) -> str:
    site = settings.SITE_URL.rstrip("/")
    rows = [(item, site + reverse(item.page, args=item.arguments)) for item in items]
    return render_to_string(
        "labeling/notice.txt", {"rows": rows, "inbox": site + reverse("inbox"), "account": site + reverse("you")}
    )
