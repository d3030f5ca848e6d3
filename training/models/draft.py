"""Campaigns that somebody is still setting up: what they filled in, and the files they chose."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sentences import Sentence, reason_of
from labeling.models import Campaign, KeptUpload, User


class CampaignDraft(models.Model):
    """An unfinished campaign of its owner, kept between the steps of the form until it expires.

    key: made with the empty form, so that sending the form twice makes one draft and one campaign. values: the form's
    fields as they were sent, a list for each name. campaign: the result; null while the draft is unfinished.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField()
    values = models.JSONField(default=dict)
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["owner", "key"], name="campaign_draft_once"),)

    def __str__(self) -> str:
        return f"draft {self.pk} of {self.owner}"

    @property
    def name(self) -> str:
        """The name filled in so far; may be empty."""
        return str((self.values.get("name") or [""])[0]).strip()

    @property
    def step(self) -> str:
        """The number of the step that it was left at; may be empty."""
        return str((self.values.get("step") or [""])[0])


class DraftFile(models.Model):
    """A file chosen for a draft. It is kept as long as the draft.

    report: what examining it found, as `training.actions.draft_files.Examination.as_dict`.
    """

    class Kind(models.TextChoices):
        """The kind of its records."""

        PROMPTS = "prompts", _("Prompts")
        COMPARISONS = "comparisons", _("Comparisons")

    draft = models.ForeignKey(CampaignDraft, on_delete=models.CASCADE, related_name="files")
    upload = models.OneToOneField(KeptUpload, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} of {self.draft}"

    @property
    def name(self) -> str:
        """The name that it had on the owner's machine."""
        return self.upload.name

    @property
    def size(self) -> int:
        """In bytes."""
        return self.upload.size

    @property
    def dialect(self) -> str:
        """The dialect of its comparisons, or the form of its prompts: json or text."""
        return str(self.report.get("dialect", ""))

    @property
    def reasons(self) -> list[tuple[int, Sentence]]:
        """Line and reason of the first records that cannot be imported. Line 0: the whole rest of the file."""
        return [(one["line"], reason_of(one)) for one in self.report.get("reasons", [])]
