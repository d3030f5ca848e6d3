"""The watch over a promoted version: it is rolled back by rule once its figures are proven worse."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from common.sentences import Percent, Sentence
from labeling.events.record import record
from training.actions.versions import roll_back
from training.models import Deployment
from training.queries.round_costs import plan_of
from training.queries.serving import current_deployment
from training.queries.watching import Watch, WatchedFigure, watch_of

REASONS = {
    "losses": gettext_noop(
        "Annotators prefer the version before: it won %(share)s of %(pairs)s pairs (after %(name)s was promoted)."
    ),
    "ties": gettext_noop(
        "Ties and “both bad” rose from %(before)s to %(share)s (%(pairs)s pairs, after %(name)s was promoted)."
    ),
    "flags": gettext_noop("Flags rose from %(before)s to %(share)s (%(pairs)s pairs, after %(name)s was promoted)."),
    "disagreement": gettext_noop(
        "Disagreement of annotators rose from %(before)s to %(share)s (%(pairs)s pairs, after %(name)s was promoted)."
    ),
}


def look_at_promotion(*, now: datetime) -> Deployment | None:
    """Rolls back what serves if a watched figure is proven worse than before its promotion; None: it stays.

    The rollback pauses automatic retraining, as any other does. Raises VersionDamaged.
    """
    deployment = current_deployment()
    if deployment is None or deployment.version.run is None:
        return None
    campaign = deployment.version.run.campaign
    watch = watch_of(deployment, plan_of(campaign))
    if watch is None or not watch.worse:
        return None
    reason = reason_of(watch.worse[0], watch)
    with transaction.atomic():
        rollback = roll_back(acting_user=None, now=now, expected=deployment, reason=reason)
        after = {
            "version": watch.version.name,
            "serving": rollback.version.name,
            "reason": reason,
            "watched": {figure.name: figure.share for figure in watch.figures},
            "watched_before": {figure.name: figure.before for figure in watch.figures},
        }
        record("version.rolled_back_by_rule", watch.version, acting_user=None, now=now, campaign=campaign, after=after)
    return rollback


def reason_of(figure: WatchedFigure, watch: Watch) -> Sentence:
    """Why a version was rolled back."""
    values = {"before": Percent(figure.before), "share": Percent(figure.share), "pairs": figure.pairs}
    return Sentence(REASONS[figure.name], {**values, "name": watch.version.name})
