"""Rolling back together with setting labels aside: those that the version may have learned wrongly from."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import DomainError, Invalid
from labeling.access import require_may_change
from labeling.actions.bulk import BulkOrder, NothingSelected, Selection, start_bulk_act
from labeling.models import BulkAct, Campaign, ImportBatch, User
from labeling.queries.lists import ComparisonFilter
from training.actions.versions import roll_back
from training.errors import ServingChanged
from training.models import Deployment, ModelVersion
from training.queries.serving import current_deployment

LIMITS = ("settled_since", "settled_until", "annotator", "batch")


class NoLabelsOfIt(Invalid):
    type = "no-labels-of-it"
    sentence = gettext_lazy("The serving version was trained in no campaign: there are no labels to set aside.")


class NoLabelsChosen(Invalid):
    type = "no-labels-chosen"
    sentence = gettext_lazy("Choose the labels to set aside: by day, annotator or import.")


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A rollback, and the labels that were set aside with it.

    aside: the act that retires the comparisons; None: none was chosen, or none matched. refused: why the labels could
    not be set aside although the version was rolled back.
    """

    deployment: Deployment
    aside: BulkAct | None = None
    refused: DomainError | None = None


def roll_back_and_set_aside(
    *, labels: ComparisonFilter | None, acting_user: User | None, now: datetime, expected: str = ""
) -> RolledBack:
    """Rolls back the last promotion, and retires the comparisons with the chosen labels.

    labels: of the campaign in which the version was trained, with at least one of LIMITS; None: no labels. A choice
    that cannot be right is refused before anything is rolled back. Once rolled back, a rollback stays: `refused` says
    what became of the labels. expected: the name of the version that was to be rolled back; empty: whichever serves.
    Raises NoLabelsOfIt, NoLabelsChosen, Invalid, NotAllowed, NotFound, NothingServes,
    NothingToRollBack, ServingChanged.
    """
    left = current_deployment()
    if expected and (left is None or left.version.name != expected):
        raise ServingChanged
    if labels is None:
        return RolledBack(roll_back(acting_user=acting_user, now=now, expected=left))
    campaign = _campaign_of_labels(left)
    require_may_change(acting_user, campaign)
    _require_known(campaign, labels)
    deployment = roll_back(acting_user=acting_user, now=now, expected=left)
    assert left is not None
    try:
        aside = _set_aside(campaign, labels, left.version, acting_user, now=now)
    except NothingSelected:
        return RolledBack(deployment)
    except DomainError as error:
        return RolledBack(deployment, refused=error)
    return RolledBack(deployment, aside)


def _campaign_of_labels(deployment: Deployment | None) -> Campaign:
    run = deployment.version.run if deployment else None
    if run is None:
        raise NoLabelsOfIt
    return run.campaign


def _require_known(campaign: Campaign, labels: ComparisonFilter) -> None:
    """Refuses a choice of nothing, and one of an annotator or an import that the campaign does not have."""
    if not any(getattr(labels, name) for name in LIMITS):
        raise NoLabelsChosen
    if labels.settled_since and labels.settled_until and labels.settled_since >= labels.settled_until:
        raise Invalid(_("The first time of settling must lie before the last one."))
    names = {name.strip() for name in labels.annotator.split(",") if name.strip()}
    known = set(
        User.objects.filter(pseudonym__in=names, judgments__campaign=campaign).values_list("pseudonym", flat=True)
    )
    if missing := sorted(names - known):
        raise Invalid(_("Nobody of this name judged in the campaign: %(names)s.") % {"names": ", ".join(missing)})
    if labels.batch and not ImportBatch.objects.filter(campaign=campaign, pk=labels.batch).exists():
        raise Invalid(_("The campaign has no import %(number)s.") % {"number": labels.batch})


def _set_aside(
    campaign: Campaign, labels: ComparisonFilter, version: ModelVersion, acting_user: User | None, *, now: datetime
) -> BulkAct:
    """Retires the comparisons as an act that can be undone."""
    return start_bulk_act(
        campaign=campaign,
        selection=Selection(BulkAct.Target.COMPARISONS, where=labels),
        order=BulkOrder(BulkAct.Kind.RETIRE, reason=_("Set aside: %(name)s was rolled back.") % {"name": version.name}),
        acting_user=acting_user,
        now=now,
    )
