"""Blind tests: campaigns that compare two writers, with the people and the guidelines of another campaign.

Which text is whose is known to whoever opened the test, outside of labeling. Nothing is trained on its labels.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.access import require_lead, require_may_change
from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.members import add_member
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.events.record import record
from labeling.models import Campaign, Comparison, Prompt, User
from labeling.queries.standing import next_step
from labeling.tally import Tally, add_to_tally, tally_of_all

MOST_AHEAD = 3
"""How many pairs an annotator holds ahead, at most: those still held when the test ends are judged in vain."""
LONGEST_NAME = 150

Status = Comparison.Status


@transaction.atomic
def create_blind_test(
    *,
    like: Campaign,
    number: int,
    prompts: Sequence[Prompt],
    votes: int,
    acting_user: User | None,
    now: datetime,
    without: Collection[User] = (),
) -> Campaign:
    """Creates a blind test in draft, with copies of these prompts and the people of a campaign who may judge there.

    Those who are paused, or must take a step there first, are left out, and those in `without`.
    votes: on each pair, fixed: overlap does not adapt, and no vote can be undone. Raises NotAllowed, NotFound.
    """
    require_may_change(acting_user, like)
    members = list(like.memberships.select_related("user", "campaign").order_by("pk"))
    leads = [member.user for member in members if member.leads]
    creator = acting_user or (leads[0] if leads else like.created_by)
    guidelines = like.guideline_versions.order_by("-number").first()
    campaign = create_campaign(
        name=f"{like.name[:LONGEST_NAME]}: blind test {number}",
        acting_user=creator,
        now=now,
        kind=Campaign.Kind.BLIND_TEST,
        overlap=votes,
        guidelines=guidelines.text if guidelines else "",
        **_rules(like),
    )
    apart = {creator.pk, *(person.pk for person in without)}
    for member in members:
        if member.user_id not in apart and member.paused_at is None and next_step(member) is None:
            add_member(campaign=campaign, user=member.user, role=member.role, acting_user=None, now=now)
    drafts = [PromptDraft(prompt.messages, prompt.external_id, tuple(prompt.tags)) for prompt in prompts]
    add_prompts(campaign=campaign, prompts=drafts, acting_user=None, now=now)
    return campaign


def _rules(like: Campaign) -> dict[str, Any]:
    same = ("allow_both_bad", "allow_skip", "skip_reasons", "allow_flag", "pseudonymous", "lease_seconds")
    return {name: getattr(like, name) for name in same} | {
        "blind": True,
        "undo_seconds": 0,
        "guidelines_first": False,
        "prefetch": min(like.prefetch, MOST_AHEAD),
    }


@transaction.atomic
def end_blind_test(*, campaign: Campaign, acting_user: User | None, now: datetime) -> int:
    """Retires the pairs that still want votes, and closes the test; returns how many were retired.

    Raises NotAllowed, NotFound.
    """
    require_lead(acting_user, campaign)
    rows = Comparison.objects.filter(campaign=campaign, status=Status.OPEN).order_by("pk")
    # All comparisons before the totals: a judgment in progress takes them in this order too.
    open_pairs = list(rows.select_for_update(no_key=True))
    Comparison.objects.filter(pk__in=[one.pk for one in open_pairs]).update(status=Status.RETIRED)
    record(
        "blind_test.ended",
        campaign,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        after={"retired": len(open_pairs)},
    )
    add_to_tally(campaign.pk, Tally() - tally_of_all(open_pairs))
    campaign.refresh_from_db(fields=["status"])
    if campaign.status == Campaign.Status.DRAFT:
        change_campaign_status(campaign=campaign, status=Campaign.Status.ARCHIVED, acting_user=acting_user, now=now)
    elif campaign.status in (Campaign.Status.ACTIVE, Campaign.Status.PAUSED):
        change_campaign_status(campaign=campaign, status=Campaign.Status.CLOSED, acting_user=acting_user, now=now)
    return len(open_pairs)
