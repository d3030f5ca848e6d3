"""Imports of whole campaigns: from a file of the dialect `full` to the same campaign in this installation."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from common.errors import Invalid
from common.phrases import Phrase, gettext_noop
from common.sentences import Sentence, sentence_of
from labeling.access import require_may_create_campaigns
from labeling.actions.campaign_import_checks import NotBefore, WrongLine, check_row, messages_of, moment
from labeling.actions.campaign_import_rows import CampaignRows
from labeling.actions.campaign_import_shapes import check_shape
from labeling.actions.campaigns import create_campaign
from labeling.actions.import_reports import UnreadableFile
from labeling.actions.rules import RULES
from labeling.events.record import record
from labeling.exchange import OF_LINE, ByteStream, ExchangeError, JsonObject, NoCampaignFile, read_full
from labeling.models import Campaign, Demand, GuidelineVersion, User
from labeling.tally import add_to_tally

CHUNK = 200
QUALIFICATION = ("qualification_pairs", "qualification_right")
"""Rules that are set when the pairs which they are about are there."""

REPEATED = gettext_noop("it, or one of the lines just before it, holds something that the file holds already.")
CONTRADICTED = gettext_noop("it, or one of the lines just before it, contradicts itself or another line.")
UNSTORABLE = gettext_noop(
    "it, or one of the lines just before it, holds a number or a character that cannot be stored."
)
OF_ANOTHER_FORMAT = gettext_noop("it is not what this format holds.")

log = logging.getLogger(__name__)

WRONG = (ValidationError, LookupError, TypeError, ValueError, AttributeError, OverflowError, DataError, IntegrityError)
"""The errors of values that `full` never has."""


@dataclass(slots=True)
class ImportedCampaign:
    """The result. counts: by kind of line, and judgments. renamed: pseudonyms that were taken, with the new ones."""

    campaign: Campaign
    counts: dict[str, int] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)


def import_campaign(
    *,
    stream: ByteStream,
    name: str | None = None,
    slug: str | None = None,
    acting_user: User,
    now: datetime,
) -> ImportedCampaign:
    """Makes the campaign that a file of the dialect `full` holds, led by the person who imports it, or nothing.

    name, slug: None: the name in the file, and a slug made from it. Its annotators become accounts that nobody can
    sign in to. A campaign that was active is paused. Raises NotAllowed, SlugTaken, and UnreadableFile, which names the
    line.
    """
    require_may_create_campaigns(acting_user)
    rows: CampaignRows | None = None
    try:
        with transaction.atomic():
            lines = read_full(stream)
            line, first = next(lines)
            check_shape(line, first)
            campaign = _campaign(first, name, slug, acting_user, now)
            rows = CampaignRows(campaign, acting_user, now)
            result = ImportedCampaign(campaign, rows.counts, rows.people.renamed)
            authors: list[tuple[int, JsonObject]] = []
            chunk: list[tuple[int, JsonObject]] = []
            for line, values in lines:
                check_shape(line, values)
                if values["type"] == "guidelines":
                    rows.line = line
                    _guidelines(line, campaign, values, acting_user)
                    rows.count("guidelines")
                    authors += [(line, values)] if "created_by" in values else []
                else:
                    chunk.append((line, values))
                    if len(chunk) >= CHUNK or chunk[0][1]["type"] != values["type"]:
                        rows.write(chunk)
                        chunk = []
            rows.write(chunk)
            for rows.line, values in authors:
                author = rows.people.people[values["created_by"]]
                campaign.guideline_versions.filter(number=values["number"]).update(created_by=author)
            _finish(campaign, first, rows)
            after = {"created": rows.counts.get("comparison", 0), "judgments": rows.counts.get("judgment", 0)}
            record("campaign.imported", campaign, acting_user=acting_user, now=now, campaign=campaign, after=after)
    except NoCampaignFile as error:
        text = _("This is not the file of a whole campaign. Choose one from the export “Whole campaign”.")
        raise UnreadableFile(text) from error
    except (WrongLine, ExchangeError) as error:
        raise UnreadableFile(sentence_of(error)) from error
    except WRONG as error:
        line = rows.line if rows else 1
        log.warning("The file of a campaign was refused at line %s", line, exc_info=error)
        raise UnreadableFile(Sentence.of(Phrase(OF_LINE, line=line, reason=_reason(error)))) from error
    return result


def _reason(error: Exception) -> Phrase | str:
    """Why a file was refused, in words for people. The log has the error."""
    if isinstance(error, NotBefore):
        return error.phrase
    if isinstance(error, ValidationError):
        return messages_of(error)
    if isinstance(error, IntegrityError):
        is_repeated = isinstance(error.__cause__, UniqueViolation)
        return Phrase(REPEATED) if is_repeated else Phrase(CONTRADICTED)
    is_unstorable = isinstance(error, DataError | OverflowError | UnicodeError)
    return Phrase(UNSTORABLE) if is_unstorable else Phrase(OF_ANOTHER_FORMAT)


def _campaign(values: JsonObject, name: str | None, slug: str | None, lead: User, now: datetime) -> Campaign:
    rules = {rule: values[rule] for rule in RULES if rule in values and rule not in QUALIFICATION}
    rules["name"] = name or rules["name"]
    check_row(1, Campaign(slug=slug or "slug", created_at=now, **rules))
    try:
        return create_campaign(slug=slug, acting_user=lead, now=now, **rules)
    except Invalid as error:
        raise WrongLine(1, OF_LINE, reason=error.message) from error


def _guidelines(line: int, campaign: Campaign, values: JsonObject, author: User) -> None:
    version = GuidelineVersion(
        campaign=campaign,
        number=values["number"],
        text=values["text"],
        demand=values["demand"],
        created_by=author,
        created_at=moment(values["created_at"]),
    )
    check_row(line, version)
    version.save(force_insert=True)


def _finish(campaign: Campaign, values: JsonObject, rows: CampaignRows) -> None:
    """Writes what follows from all lines together: totals, members' counts, and rules about practice pairs."""
    rows.people.write_members()
    add_to_tally(campaign.pk, rows.totals)
    demanding = campaign.guideline_versions.exclude(demand=Demand.NOTHING).order_by("-number").first()
    campaign.read_from = demanding.number if demanding else 0
    campaign.practice_pairs, campaign.qualification_pool = rows.practice_pairs
    for rule in QUALIFICATION:
        setattr(campaign, rule, values.get(rule, 0))
    status = values.get("status", Campaign.Status.DRAFT)
    campaign.status = Campaign.Status.PAUSED if status == Campaign.Status.ACTIVE else status
    campaign.full_clean(validate_unique=False)
    campaign.save()
