"""Setting aside the labels that a version which was rolled back may have learned wrongly from."""

from dataclasses import fields
from datetime import datetime

from django.utils.translation import gettext as _

from labeling.actions.bulk import BulkOrder, NothingSelected, Selection, start_bulk_act
from labeling.models import BulkAct, Campaign, User
from labeling.queries.lists import ComparisonFilter
from training.models import ModelVersion

LIMITS = ("settled_since", "settled_until", "annotator", "batch")


def set_labels_aside(
    *, campaign: Campaign, where: ComparisonFilter, version: ModelVersion, acting_user: User | None, now: datetime
) -> BulkAct:
    """Retires the comparisons whose labels are chosen by time, annotator or batch, as an act that can be undone.

    where: at least one of LIMITS. version: the one that was rolled back; the reason names it.
    Raises NothingSelected, NotAllowed, NotFound.
    """
    if not any(getattr(where, field.name) for field in fields(where) if field.name in LIMITS):
        raise NothingSelected
    reason = _("Set aside: %(name)s was rolled back.") % {"name": version.name}
    return start_bulk_act(
        campaign=campaign,
        selection=Selection(BulkAct.Target.COMPARISONS, where=where),
        order=BulkOrder(BulkAct.Kind.RETIRE, reason=reason),
        acting_user=acting_user,
        now=now,
    )
