"""The tables of training: model versions, what serves, generation jobs, snapshots, runs, evaluations, policies.

Jobs are rows first: a row's status is the truth about a job; a Celery message only carries its id.
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from labeling.models import Campaign, User


class JobStatus(models.TextChoices):
    """The states of a generation job or a run, in the order they can happen."""

    QUEUED = "queued", _("Queued")  # waits for a worker
    RUNNING = "running", _("Running")  # a worker has it; its heartbeat says whether the worker still lives
    CANCELLING = "cancelling", _("Cancelling")  # somebody asked it to stop; it stops at the next safe point
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")  # gave up; `error` says why and what to do
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLING)


class ModelVersion(models.Model):
    """A named, immutable, servable model: a base directory plus, mostly, an adapter, with its lineage."""

    name = models.SlugField(max_length=120, unique=True)
    base_dir = models.CharField(max_length=500, help_text="Directory of the base model, in Hugging Face layout.")
    adapter_dir = models.CharField(
        max_length=500, blank=True, help_text="Adapter in PEFT's format; empty: the base itself."
    )
    content_hash = models.CharField(max_length=64, help_text="SHA-256 over its files; checked before it is loaded.")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    run = models.OneToOneField("Run", null=True, blank=True, on_delete=models.PROTECT, related_name="version")
    metrics = models.JSONField(default=dict, blank=True, help_text="Held-out metrics at the end of its run.")
    lineage = models.JSONField(default=dict, blank=True, help_text="Snapshot hash, config, code version, parent.")
    files_removed_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when its adapter's files are gone; the row and its figures stay."
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    def base(self) -> "ModelVersion":
        """The version at the beginning of its line, which has no adapter."""
        version = self
        while version.parent is not None:
            version = version.parent
        return version


class Deployment(models.Model):
    """One change of what serves. Append-only: the newest row of a channel says which version serves there."""

    class Kind(models.TextChoices):
        PROMOTION = "promotion", _("Promotion")
        ROLLBACK = "rollback", _("Rollback")

    DEFAULT_CHANNEL = "default"

    channel = models.CharField(
        max_length=80, default=DEFAULT_CHANNEL, help_text="Rehearsals serve in channels of their own."
    )
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    is_current = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why, where a rule decided and not a person.")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["channel"], condition=Q(is_current=True), name="deployment_one_current"),
        )
        indexes = (models.Index(fields=["channel", "at"], name="deployment_channel_time"),)

    # Not a column: False on what `promote` returns when the version served already and nothing was changed.
    changed: bool = True

    def __str__(self) -> str:
        return f"{self.version} serves {self.channel}"


class Job(models.Model):
    """What generation jobs and runs have in common: a state machine, progress, a heartbeat, an error in a sentence."""

    status = models.CharField(max_length=16, choices=JobStatus.choices, default=JobStatus.QUEUED)
    done = models.PositiveIntegerField(default=0, help_text="Completions written, or optimizer steps taken.")
    total = models.PositiveIntegerField(default=0, help_text="Of how many; 0: not known yet.")
    attempts = models.PositiveIntegerField(
        default=0,
        help_text="How often a worker has taken it up. Whoever took it up writes only while this is still its number.",
    )
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="Workers lost since it last moved on; too many, and it is given up."
    )
    worker = models.CharField(
        max_length=200, blank=True, help_text="host:process:start time of the worker that has it."
    )
    heartbeat_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life of the worker that has it.")
    enqueued_at = models.DateTimeField(null=True, blank=True, help_text="When its id was last sent to the broker.")
    error = models.TextField(blank=True)
    holds_machine = models.BooleanField(
        default=False, help_text="Uses the machine that generation and training share; see training.handover."
    )
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        """Whether something may still happen to it."""
        return self.status in ACTIVE_STATUSES


class GenerationJob(Job):
    """Write candidate pairs for prompts of a campaign. Its items say what is to be written; none is written twice."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="generation_jobs")
    versions = models.ManyToManyField(ModelVersion, related_name="generation_jobs")
    strategy = models.CharField(max_length=20, choices=Campaign.CandidateStrategy.choices)
    settings = models.JSONField(default=dict, help_text="Sampling settings: temperature, top_p, max_tokens, ...")
    second_settings = models.JSONField(
        default=dict, blank=True, help_text="What differs of them for the second text of a pair."
    )
    candidates = models.PositiveSmallIntegerField(
        default=2, help_text="Texts drawn for a pair; of more than two the best and the worst are compared."
    )
    reward_version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose implicit reward, against its parent, says which candidate is best and which is worst.",
    )
    reward_model = models.CharField(
        max_length=500, blank=True, help_text="Folder of an explicit reward model that says it instead."
    )
    pairs_per_prompt = models.PositiveSmallIntegerField(default=1)
    seed = models.BigIntegerField(default=0)
    channel = models.CharField(
        max_length=80,
        default=Deployment.DEFAULT_CHANNEL,
        help_text="Where the serving version was looked up when none was named.",
    )
    failed = models.PositiveIntegerField(default=0, help_text="Pairs that could not be written.")
    dropped = models.PositiveIntegerField(
        default=0, help_text="Pairs left out because both texts were nearly the same or one was empty."
    )
    redrawn = models.PositiveIntegerField(
        default=0, help_text="Pairs of which a text was drawn again, since they were nearly the same or one was empty."
    )
    tokens_read = models.PositiveBigIntegerField(default=0, help_text="Prompt tokens the generator was sent.")
    tokens_written = models.PositiveBigIntegerField(default=0, help_text="Tokens it wrote.")
    diversity = models.JSONField(
        default=dict, blank=True, help_text="Sums over the pairs kept: pairs, similarity, distinct, ended."
    )
    rate = models.FloatField(null=True, blank=True, help_text="Completions a second, lately.")

    class Meta:
        constraints = (
            # A second click on the button finds the first job instead of writing everything twice.
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=["queued", "running", "cancelling"]),
                name="generation_one_active_per_campaign",
            ),
        )

    def __str__(self) -> str:
        return f"generation {self.pk}"


class GenerationItem(models.Model):
    """One pair a job has to write: which prompt, which two (version, seed). Becomes a comparison, or says why not."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DRAWN = "drawn", "Drawn"  # all candidates are there; which are the best and the worst is still to be found
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        DROPPED = "dropped", "Dropped"

    job = models.ForeignKey(GenerationJob, on_delete=models.CASCADE, related_name="items")
    prompt = models.ForeignKey("labeling.Prompt", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="Which pair of this prompt.")
    version_first = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    version_second = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    seed_first = models.BigIntegerField()
    seed_second = models.BigIntegerField()
    first = models.JSONField(
        null=True, blank=True, help_text="The first completion while the second is still to be written; null: not yet."
    )
    second = models.JSONField(null=True, blank=True, help_text="The same the other way round.")
    imported = models.ForeignKey(
        "labeling.Completion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The imported text that is the second one: then only the first is written.",
    )
    candidates = models.JSONField(
        default=dict, blank=True, help_text="Of several candidates those written so far, by their number from 0."
    )
    resampled = models.BooleanField(default=False, help_text="Whether the second was drawn again with another seed.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Failed attempts at a completion so far.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    reason = models.TextField(blank=True)
    comparison = models.ForeignKey(
        "labeling.Comparison", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["job", "prompt", "number"], name="generation_item_once"),)
        indexes = (models.Index(fields=["job", "status"], name="generation_item_status"),)

    def __str__(self) -> str:
        return f"pair {self.number} of {self.prompt_id}"


class Snapshot(models.Model):
    """A frozen, ordered, split (by prompt) and hashed set of preference pairs, in a folder with a manifest."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="snapshots")
    content_hash = models.CharField(max_length=64, help_text="SHA-256; the same labels give the same hash.")
    directory = models.CharField(max_length=500)
    manifest = models.JSONField(help_text="Counts, split, drop report, last judgment seen.")
    train_pairs = models.PositiveIntegerField()
    test_pairs = models.PositiveIntegerField()
    last_verdict_at = models.DateTimeField(null=True, blank=True, help_text="Verdicts after this are fresh.")
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "content_hash"], name="snapshot_once"),)

    def __str__(self) -> str:
        return self.content_hash[:12]


class Run(Job):
    """One training: one config, one snapshot, one parent version. Ends in a new model version."""

    class Trigger(models.TextChoices):
        PERSON = "person", _("Started by a person")
        SCHEDULE = "schedule", _("Started by the schedule")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="runs")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="runs")
    parent = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs_from")
    config = models.JSONField(default=dict, help_text="What differs from the engine's defaults (RunConfig).")
    directory = models.CharField(max_length=500, blank=True, help_text="The engine's OUT folder.")
    trigger = models.CharField(max_length=16, choices=Trigger.choices, default=Trigger.PERSON)
    engine = models.CharField(
        max_length=200, blank=True, help_text="host:process:start time of the engine's process; empty: none runs."
    )
    latest = models.JSONField(default=dict, blank=True, help_text="The newest progress line of the engine.")
    log_tail = models.TextField(blank=True, help_text="The last lines the engine wrote to its log.")
    gate = models.JSONField(
        null=True, blank=True, help_text="What the promotion gate measured and decided; null: not asked (yet)."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=["queued", "running", "cancelling"]),
                name="run_one_active_per_campaign",
            ),
        )

    def __str__(self) -> str:
        return f"run {self.pk}"


class RunMetric(models.Model):
    """One line of a run's metrics.jsonl: what the live curves are drawn from."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metrics")
    event = models.CharField(max_length=16, help_text='"progress" (training batch) or "evaluated" (held-out).')
    step = models.PositiveIntegerField()
    values = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "event", "step"], name="run_metric_once"),)

    def __str__(self) -> str:
        return f"step {self.step} of {self.run_id}"


class RewardReading(Job):
    """What somebody asked of a version through the reward lens: the hidden rewards of one pair, token by token."""

    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="reward_readings"
    )
    comparison = models.ForeignKey(
        "labeling.Comparison", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reward_readings")
    before = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version it is compared with; null: the reference itself, whose rewards are zero.",
    )
    reference = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What rewards are measured against; null: the base under the version.",
    )
    pair = models.JSONField(help_text="The pair as the engine reads it: prompt, chosen, rejected, token ids.")
    beta = models.FloatField(default=0.1, help_text="The strength of the tie that the page begins with.")
    result = models.JSONField(null=True, blank=True, help_text="Token by token: see training.jobs.reading.")

    def __str__(self) -> str:
        return f"reading {self.pk}"


class LabSession(Job):
    """Somebody's experiment in the lab: a real model learns one preference, a step whenever they ask for one.

    Its engine stays for a while after the last step; a later one replays the steps, which come out the same.
    """

    MOST_STEPS = 200

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="lab_sessions")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    lesson = models.JSONField(help_text="The prompt, the text that was picked, the other, and texts only watched.")
    config = models.JSONField(default=dict, help_text="What differs from the engine's defaults (RunConfig).")
    points = models.JSONField(default=list, blank=True, help_text="What the model was after each step, from 0 on.")
    wrote = models.JSONField(default=list, blank=True, help_text="What it wrote by itself at some of them.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["created_by"],
                condition=Q(status__in=["queued", "running", "cancelling"]),
                name="lab_one_active_per_person",
            ),
        )

    def __str__(self) -> str:
        return f"lab session {self.pk}"


class Evaluation(models.Model):
    """What was measured of a version: held-out metrics of its pairs, or a win rate against another version."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="evaluations")
    against = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    snapshot = models.ForeignKey(Snapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="evaluations")
    kind = models.CharField(max_length=40, help_text='"held_out" or "win_rate".')
    results = models.JSONField()
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} of {self.version}"


class RetrainingPolicy(models.Model):
    """When a campaign retrains by itself. The time is a django-celery-beat row that a lead edits."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="retraining_policy")
    enabled = models.BooleanField(default=False)
    min_fresh_verdicts = models.PositiveIntegerField(
        default=200,
        validators=[MinValueValidator(1)],
        help_text="Start only when at least this many verdicts are newer than the last run's snapshot.",
    )
    auto_promote = models.BooleanField(
        default=False, help_text="Promote without a person when held-out accuracy did not fall."
    )
    max_accuracy_drop = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="How much lower than the parent's held-out reward accuracy still counts as not fallen.",
    )
    periodic_task = models.OneToOneField(
        PeriodicTask, null=True, blank=True, on_delete=models.SET_NULL, related_name="retraining_policy"
    )
    considered_at = models.DateTimeField(null=True, blank=True, help_text="When it was last asked whether to start.")
    outcome = models.CharField(max_length=300, blank=True, help_text="What came of it, in a sentence.")
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "retraining policies"

    @property
    def cron(self) -> str:
        """The five cron fields of its time; empty: considered as soon as there are enough fresh verdicts."""
        if self.periodic_task is None or self.periodic_task.crontab is None:
            return ""
        time = self.periodic_task.crontab
        return f"{time.minute} {time.hour} {time.day_of_month} {time.month_of_year} {time.day_of_week}"

    def __str__(self) -> str:
        return f"retraining of {self.campaign}"
