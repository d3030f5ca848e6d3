"""Guidelines of an imported project become those of a campaign that has none."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common.errors import Conflict
from labeling.access import require_may_change
from labeling.actions.campaigns import write_guidelines
from labeling.models import GuidelineVersion, ImportBatch, User


class NoImportedGuidelines(Conflict):
    type = "no-imported-guidelines"
    sentence = _("The file of this import held no guidelines.")


class GuidelinesThere(Conflict):
    type = "guidelines-there"
    sentence = _("The campaign has guidelines. Copy what you need from those of the file.")


@transaction.atomic
def use_guidelines(*, batch: ImportBatch, acting_user: User, now: datetime) -> GuidelineVersion:
    """Makes the guidelines of an import the first ones of its campaign. Twice changes nothing.

    Raises NotAllowed, NoImportedGuidelines, GuidelinesThere.
    """
    require_may_change(acting_user, batch.campaign)
    text = batch.notes.get("guidelines", "")
    if not text:
        raise NoImportedGuidelines
    latest = batch.campaign.guideline_versions.order_by("-number").first()
    if latest is not None and latest.text != text:
        raise GuidelinesThere
    return write_guidelines(campaign=batch.campaign, text=text, acting_user=acting_user, now=now)
