"""A version for each group of annotators from the same base, and their measurement on each group's held-out pairs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid
from labeling.access import require_may_change
from labeling.models import AnnotatorGroup, Grouping, User
from labeling.queries.groups import is_shown, voters_by_group
from training.access import require_no_blind_test
from training.actions.groups import new_group_job
from training.actions.runs import RunSpec, start_run
from training.claims import enqueue
from training.models import GroupJob, Run
from training.queries.group_versions import versions_of
from training.queries.rehearsals import channel_of
from training.queries.serving import serving_version


class GroupTooSmall(Invalid):
    type = "group-too-small"
    sentence = gettext_lazy("In a pseudonymous campaign, so small a group would tell how its members judge.")


class NoGroupVersions(Conflict):
    type = "no-group-versions"
    sentence = gettext_lazy("No group of this grouping has a version yet: train one first.")


def start_group_run(
    *,
    group: AnnotatorGroup,
    acting_user: User | None,
    now: datetime,
    config: Mapping[str, Any] | None = None,
    hand_to_worker: bool = True,
) -> Run:
    """Queues a run on the pairs as the group's members alone judged them, from the base of the serving version.

    All groups start from the same base, so that their versions differ by their votes only. Its version is named for
    the group and stands beside the loop: nothing promotes it by itself. Raises GroupTooSmall and what `start_run` does.
    """
    campaign = group.grouping.campaign
    require_may_change(acting_user, campaign)
    if not is_shown(campaign, voters_by_group(group.grouping).get(group.pk, 0)):
        raise GroupTooSmall
    base = serving_version(channel_of(campaign)).base()
    spec = RunSpec(parent=base, config=config or {}, group=group)
    return start_run(campaign=campaign, acting_user=acting_user, now=now, spec=spec, hand_to_worker=hand_to_worker)


def start_group_measurement(
    *, grouping: Grouping, acting_user: User | None, now: datetime, hand_to_worker: bool = True
) -> GroupJob:
    """Queues the measurement of each group's version, and of what serves, on each group's held-out pairs.

    Raises NoGroupVersions, JobActive, ForItsGateOnly, NotAllowed, NotFound.
    """
    campaign = grouping.campaign
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    if not versions_of(grouping):
        raise NoGroupVersions
    with transaction.atomic():
        job = GroupJob(campaign=campaign, kind=GroupJob.Kind.MEASUREMENT, grouping=grouping)
        job = new_group_job(job, acting_user=acting_user, now=now)
        if hand_to_worker:
            enqueue(job)
    return job
