"""Searching for groups of annotators, and declaring the ones that were found."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid
from labeling.access import require_lead, require_may_change
from labeling.actions.groups import declare_grouping
from labeling.events.record import record
from labeling.models import Campaign, Grouping, User
from labeling.stats.preference_groups import FEWEST_ANNOTATORS
from training.access import require_no_blind_test
from training.actions.jobs import cancel_job
from training.claims import enqueue
from training.errors import JobActive, JobOver
from training.models import ACTIVE_STATUSES, GroupJob, JobStatus
from training.queries.groups import enough_people, is_simulated_only, too_few


class TooFewVotes(Invalid):
    type = "too-few-votes"
    sentence = gettext_lazy("There are not enough votes to look for groups. Judge more comparisons.")


class NoGroupsFound(Conflict):
    type = "no-groups-found"
    sentence = gettext_lazy("No finished search of this campaign found more than one group.")


def start_group_search(
    *, campaign: Campaign, acting_user: User | None, now: datetime, hand_to_worker: bool = True
) -> GroupJob:
    """Queues a search for groups among the campaign's annotators. One job about groups at a time.

    Raises TooFewVotes, JobActive, ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    there = enough_people(campaign, simulated=is_simulated_only(campaign))
    if there < FEWEST_ANNOTATORS:
        raise TooFewVotes(too_few(there))
    with transaction.atomic():
        job = new_group_job(GroupJob(campaign=campaign, kind=GroupJob.Kind.SEARCH), acting_user=acting_user, now=now)
        if hand_to_worker:
            enqueue(job)
    return job


def new_group_job(job: GroupJob, *, acting_user: User | None, now: datetime) -> GroupJob:
    """Stores a job, if the campaign has no active one. Call it within a transaction. Raises JobActive."""
    # A second request at the same time waits here, and is refused then.
    Campaign.objects.select_for_update(no_key=True).only("pk").get(pk=job.campaign_id)
    if GroupJob.objects.filter(campaign=job.campaign, status__in=ACTIVE_STATUSES).exists():
        raise JobActive(_("A worker is looking at the groups: wait until it ends, or cancel it."))
    job.created_by, job.created_at, job.enqueued_at = acting_user, now, now
    job.save(force_insert=True)
    after = {"kind": str(job.kind)} | ({"grouping": job.grouping.name} if job.grouping else {})
    record("group_job.started", job, acting_user=acting_user, now=now, campaign=job.campaign, after=after)
    return job


def cancel_group_job(*, campaign: Campaign, acting_user: User | None, now: datetime) -> GroupJob:
    """Cancels the campaign's active job about groups. Raises JobOver, NotAllowed, NotFound."""
    require_lead(acting_user, campaign)
    job = GroupJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).first()
    if job is None:
        raise JobOver(_("No worker is looking at the groups."))
    return cancel_job(job=job, acting_user=acting_user, now=now)


def declare_found(*, campaign: Campaign, name: str, acting_user: User | None, now: datetime) -> Grouping:
    """Declares the groups of the newest finished search under a name: Group 1, Group 2, the largest first.

    Raises NoGroupsFound, Invalid (in a pseudonymous campaign, whose members it would name), NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    if campaign.pseudonymous:
        raise Invalid.of("name", _("In a pseudonymous campaign, found groups would tell who is who."))
    job = newest_search(campaign)
    if job is None or job.result is None or job.result["groups"] < 2:
        raise NoGroupsFound
    groups = {
        _("Group %(number)s") % {"number": number}: list(User.objects.filter(pseudonym__in=one["members"]))
        for number, one in enumerate(job.result["found"], start=1)
    }
    return declare_grouping(
        campaign=campaign, name=name, groups=groups, acting_user=acting_user, now=now, was_found=True
    )


def newest_search(campaign: Campaign) -> GroupJob | None:
    """The newest search of a campaign that is over and has a result."""
    rows = GroupJob.objects.filter(campaign=campaign, kind=GroupJob.Kind.SEARCH, status=JobStatus.FINISHED)
    return rows.order_by("-pk").first()
