"""Generation jobs, and the candidate pairs that they write."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.sentences import SentenceField
from labeling.models import Campaign
from training.models.job import Job
from training.models.round import Round
from training.models.version import Deployment, ModelVersion


class CandidateStrategy(models.TextChoices):
    """Where the two texts of a candidate pair come from."""

    TWO_SEEDS = "two_seeds", _("Two seeds of one version")
    TWO_TEMPERATURES = "two_temperatures", _("Two temperatures of one version")
    TWO_PROMPTS = "two_prompts", _("Two system prompts of one version")
    TWO_VERSIONS = "two_versions", _("Two versions, one seed each")
    BEST_WORST = "best_worst", _("The best and the worst of several, by a reward")
    IMPORTED = "imported", _("A version against imported texts")


class GenerationJob(Job):
    """Writes candidate pairs for prompts of a campaign. Each item is one pair; none is written twice."""

    QUEUE = "generate"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="generation_jobs")
    round = models.ForeignKey(Round, null=True, blank=True, on_delete=models.PROTECT, related_name="generation_jobs")
    versions = models.ManyToManyField(ModelVersion, related_name="generation_jobs")
    strategy = models.CharField(max_length=20, choices=CandidateStrategy.choices)
    settings = models.JSONField(default=dict, help_text="Sampling settings: temperature, top_p, max_tokens, ...")
    second_settings = models.JSONField(
        default=dict, blank=True, help_text="Settings that differ for the second text of a pair."
    )
    candidates = models.PositiveSmallIntegerField(
        default=2, help_text="Texts drawn for a pair; if more than two, the best and the worst are compared."
    )
    reward_version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version whose implicit reward, against its parent, ranks the candidates.",
    )
    reward_model = models.CharField(
        max_length=500, blank=True, help_text="Folder of an explicit reward model that ranks them instead."
    )
    pairs_per_prompt = models.PositiveSmallIntegerField(default=1)
    seed = models.BigIntegerField(default=0)
    channel = models.CharField(
        max_length=80,
        default=Deployment.DEFAULT_CHANNEL,
        help_text="Where the serving version was looked up if none was named.",
    )
    hides_versions = models.BooleanField(
        default=False, db_default=False, help_text="Whether its texts are stored without the names of their versions."
    )
    failed = models.PositiveIntegerField(default=0, help_text="Pairs that could not be written.")
    dropped = models.PositiveIntegerField(
        default=0, help_text="Pairs left out because both texts were nearly the same or one was empty."
    )
    redrawn = models.PositiveIntegerField(
        default=0,
        help_text="Pairs of which a text was drawn again, because they were nearly the same or one was empty.",
    )
    tokens_read = models.PositiveBigIntegerField(default=0, help_text="Prompt tokens the generator was sent.")
    tokens_written = models.PositiveBigIntegerField(default=0, help_text="Tokens it wrote.")
    diversity = models.JSONField(
        default=dict, blank=True, help_text="Sums over the pairs kept: pairs, similarity, distinct, ended."
    )
    rate = models.FloatField(null=True, blank=True, help_text="Completions per second, recently.")

    class Meta:
        constraints = (
            # A second click on the button is refused instead of writing everything twice.
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=["queued", "running", "cancelling"]),
                name="generation_one_active_per_campaign",
            ),
        )

    @property
    def secret_now(self) -> set[str]:
        """The columns to hide while a blind test goes on: with its seed, the texts could be written again."""
        return {"seed"} if self.hides_versions and self.campaign.is_blind_now else set()

    def __str__(self) -> str:
        return f"generation {self.pk}"


class GenerationItem(models.Model):
    """One pair to be written: a prompt and two (version, seed). It becomes a comparison, or has a reason why not."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DRAWN = "drawn", "Drawn"  # all candidates are written, and still to be ranked
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        DROPPED = "dropped", "Dropped"

    job = models.ForeignKey(GenerationJob, on_delete=models.CASCADE, related_name="items")
    prompt = models.ForeignKey("labeling.Prompt", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="The number of the pair among those of its prompt, from 0.")
    version_first = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    version_second = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    seed_first = models.BigIntegerField()
    seed_second = models.BigIntegerField()
    first = models.JSONField(
        null=True,
        blank=True,
        help_text="The first completion, until the pair is complete (training.jobs.drafts); null: not written yet.",
    )
    second = models.JSONField(null=True, blank=True, help_text="The second completion, likewise.")
    imported = models.ForeignKey(
        "labeling.Completion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="An imported text that is the second one; then only the first is written.",
    )
    candidates = models.JSONField(
        default=dict,
        blank=True,
        help_text="If there are several candidates, those written so far, by their number from 0.",
    )
    resampled = models.BooleanField(default=False, help_text="Whether a text was drawn again with another seed.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Failed attempts at a completion so far.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    reason = SentenceField(help_text="Why it became no comparison, or why it is tried again.")
    comparison = models.ForeignKey(
        "labeling.Comparison", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["job", "prompt", "number"], name="generation_item_once"),)
        # Waiting items are read in the order of their keys, a few hundred at a time.
        indexes = (models.Index(fields=["job", "status", "id"], name="generation_item_waiting"),)

    def __str__(self) -> str:
        return f"pair {self.number} of {self.prompt_id}"
