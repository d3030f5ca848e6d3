"""Asking the reward lens: what a version's hidden reward makes of one pair. A worker reads it; see `training.jobs`."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common.wording import grouped
from labeling.access import require_lead
from labeling.actions.prompts import unfit_messages, unstorable
from labeling.events.record import record
from labeling.models import Campaign, Comparison, User
from training.access import require_any_lead, require_version
from training.actions.jobs import one_after_the_other
from training.claims import enqueue
from training.engine.config import RunConfig
from training.errors import JobActive, WrongSettings
from training.lens.pairs import Pair, readable_by
from training.models import ACTIVE_STATUSES, JobStatus, LensJob, ModelVersion
from training.versions import retention

MOST_CHARACTERS = 20_000  # of one text
MOST_AT_ONCE = 5  # of one person


def start_lens_job(
    *,
    version: ModelVersion,
    pair: Pair,
    acting_user: User | None,
    now: datetime,
    reference: ModelVersion | None = None,
    comparison: Comparison | None = None,
    campaign: Campaign | None = None,
    hand_to_worker: bool = True,
) -> LensJob:
    """Queues a look at a pair's hidden rewards. The same question of the same person finds the first answer.

    pair: see `lens.pairs`. reference: what rewards are measured against; None: the base under the version. It is
    compared with the version's parent, if that has an adapter and is not the reference. campaign: where the pair comes
    from.
    Raises WrongSettings, JobActive, VersionDamaged, NotAllowed, NotFound.
    """
    require_any_lead(acting_user)
    for each in filter(None, (version, reference)):
        require_version(acting_user, each)
    if campaign is not None:
        require_lead(acting_user, campaign)
    reference = reference if reference is not None and reference.adapter_dir else None
    _check(version, reference, pair)
    pair = readable_by(version, pair)
    before = version.parent
    if before is None or not before.adapter_dir or (reference is not None and before.pk == reference.pk):
        before = None  # the reference itself, whose rewards are zero
    asked = {"version": version, "before": before, "reference": reference, "pair": pair}
    with transaction.atomic():
        one_after_the_other(acting_user)
        found = _known(asked, acting_user)
        if found is not None:
            return found
        return _queue(asked, comparison, campaign, acting_user, now, hand_to_worker=hand_to_worker)


def _known(asked: dict[str, ModelVersion | Pair | None], acting_user: User | None) -> LensJob | None:
    """An earlier answer to the same question, or one on its way. Raises JobActive."""
    mine = LensJob.objects.filter(created_by=acting_user)
    known = mine.filter(**{name: value for name, value in asked.items() if value is not None})
    known = known.filter(**{f"{name}__isnull": True for name, value in asked.items() if value is None})
    found = known.exclude(status__in=(JobStatus.FAILED, JobStatus.CANCELLED)).order_by("-pk").first()
    if found is None and mine.filter(status__in=ACTIVE_STATUSES).count() >= MOST_AT_ONCE:
        raise JobActive(
            _("You already have %(most)s lens jobs under way: wait for one to finish.") % {"most": MOST_AT_ONCE}
        )
    return found


def _queue(
    asked: dict[str, ModelVersion | Pair | None],
    comparison: Comparison | None,
    campaign: Campaign | None,
    acting_user: User | None,
    now: datetime,
    *,
    hand_to_worker: bool,
) -> LensJob:
    version = asked["version"]
    assert isinstance(version, ModelVersion)
    retention.hold(*(each for each in asked.values() if isinstance(each, ModelVersion)))
    lens_job = LensJob.objects.create(
        **asked,
        comparison=comparison,
        campaign=campaign,
        beta=float(version.run.config.get("beta", RunConfig().beta)) if version.run else RunConfig().beta,
        created_by=acting_user,
        created_at=now,
        enqueued_at=now,
    )
    after = {"version": version.name, "comparison": comparison.pk if comparison else None}
    record("lens.asked", lens_job, acting_user=acting_user, now=now, campaign=campaign, after=after)
    if hand_to_worker:
        enqueue(lens_job)
    return lens_job


def _check(version: ModelVersion, reference: ModelVersion | None, pair: Pair) -> None:
    """Raises WrongSettings for what the engine would refuse after half a minute."""
    if reference is not None and reference.base_dir != version.base_dir:
        raise WrongSettings(
            _("%(one)s and %(other)s have different base models: nothing compares them.")
            % {"one": version.name, "other": reference.name}
        )
    unfit = unfit_messages(pair["prompt"])
    if unfit:
        raise WrongSettings(unfit)
    texts = [pair["chosen"], pair["rejected"]]
    if not all(text.strip() for text in texts):
        raise WrongSettings(_("Both completions must say something."))
    if texts[0] == texts[1]:
        raise WrongSettings(_("Both completions are the same: there is nothing to compare."))
    if any(unstorable(text) for text in texts):
        raise WrongSettings(_("A completion holds a character that cannot be stored (NUL or half a surrogate pair)."))
    if max(map(len, [*texts, *(turn["content"] for turn in pair["prompt"])])) > MOST_CHARACTERS:
        raise WrongSettings(_("A text is longer than %(most)s characters.") % {"most": grouped(MOST_CHARACTERS)})
