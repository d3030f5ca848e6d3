"""The imports of a campaign."""

from django.db.models import QuerySet

from labeling.models import Campaign, ImportBatch


def imports_of(campaign: Campaign) -> QuerySet[ImportBatch]:
    """Its imports without previews, not yet ordered. The parts that only a preview shows are not loaded."""
    rows = campaign.batches.filter(status__in=ImportBatch.LISTED)
    return rows.select_related("created_by", "taken_back_by").defer("sample")
