"""All tables of training and the rows that beat reads. Migrations are only added from here on."""

import common.sentences
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# --- By hand: what no model can say ---

SCHEDULE = (  # name, task, seconds
    ("Training: sweep", "training.tasks.sweep", 30),
    ("Training: consider retraining rules", "training.tasks.consider_retraining_rules", 60),
    ("Training: unload unused versions", "training.tasks.unload_unused", 600),
)


def add_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule").objects
    rows = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, task, seconds in SCHEDULE:
        interval, _ = intervals.get_or_create(every=seconds, period="seconds")
        # A message that waited longer than this in a stopped system is worth nothing: the next one is there.
        rows.update_or_create(name=name, defaults={"task": task, "interval": interval, "expire_seconds": seconds})


def remove_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    names = [name for name, _, _ in SCHEDULE]
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("labeling", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=120, unique=True)),
                (
                    "base_dir",
                    models.CharField(
                        help_text="Directory of the base model, in the layout of Hugging Face.", max_length=500
                    ),
                ),
                (
                    "adapter_dir",
                    models.CharField(
                        blank=True,
                        help_text="Directory of the adapter, in PEFT's format; empty: the base itself.",
                        max_length=500,
                    ),
                ),
                (
                    "content_hash",
                    models.CharField(help_text="SHA-256 of its files; checked before it is loaded.", max_length=64),
                ),
                (
                    "metrics",
                    models.JSONField(blank=True, default=dict, help_text="Held-out metrics at the end of its run."),
                ),
                (
                    "lineage",
                    models.JSONField(
                        blank=True, default=dict, help_text="Snapshot hash, config, code version, parent."
                    ),
                ),
                (
                    "files_removed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When its adapter's files were removed; the row and its figures stay.",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="training.modelversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LensJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("cancelling", "Cancelling"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                (
                    "done",
                    models.PositiveIntegerField(default=0, help_text="Completions written, or optimizer steps taken."),
                ),
                (
                    "total",
                    models.PositiveIntegerField(default=0, help_text="How many there will be; 0: not known yet."),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="The number of the latest claim. A worker writes only while this is the number of its own claim.",
                    ),
                ),
                (
                    "worker_deaths",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Workers that died since its last progress; after too many it is given up."
                    ),
                ),
                (
                    "worker",
                    models.CharField(
                        blank=True, help_text="host:process:start time of the worker that owns it.", max_length=200
                    ),
                ),
                (
                    "heartbeat_at",
                    models.DateTimeField(
                        blank=True, help_text="The last heartbeat of the worker that owns it.", null=True
                    ),
                ),
                (
                    "enqueued_at",
                    models.DateTimeField(blank=True, help_text="When its id was last sent to the broker.", null=True),
                ),
                (
                    "error",
                    common.sentences.SentenceField(
                        blank=True,
                        default=common.sentences.Sentence,
                        help_text="The reason of a failure, or for which an active job waits.",
                    ),
                ),
                (
                    "holds_machine",
                    models.BooleanField(
                        default=False,
                        help_text="Whether it uses the machine that generation and training share; see training.jobs.handover.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("pair", models.JSONField(help_text="The preference pair, as a snapshot's line describes it.")),
                (
                    "is_preference",
                    models.BooleanField(
                        default=True,
                        help_text="Whether people prefer the chosen side; if not, the sides are called A and B.",
                    ),
                ),
                ("beta", models.FloatField(default=0.1, help_text="The beta that the page begins with.")),
                (
                    "result",
                    models.JSONField(
                        blank=True, help_text="The rewards of every token; see training.jobs.lens.", null=True
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        help_text="The campaign of the texts; null: a person wrote them for this job.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "comparison",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="labeling.comparison",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "before",
                    models.ForeignKey(
                        blank=True,
                        help_text="The version compared with; null: the reference itself, whose rewards are zero.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.modelversion",
                    ),
                ),
                (
                    "reference",
                    models.ForeignKey(
                        blank=True,
                        help_text="The version that rewards are measured against; null: the base under the version.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.modelversion",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="training.modelversion"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GenerationJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("cancelling", "Cancelling"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                (
                    "done",
                    models.PositiveIntegerField(default=0, help_text="Completions written, or optimizer steps taken."),
                ),
                (
                    "total",
                    models.PositiveIntegerField(default=0, help_text="How many there will be; 0: not known yet."),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="The number of the latest claim. A worker writes only while this is the number of its own claim.",
                    ),
                ),
                (
                    "worker_deaths",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Workers that died since its last progress; after too many it is given up."
                    ),
                ),
                (
                    "worker",
                    models.CharField(
                        blank=True, help_text="host:process:start time of the worker that owns it.", max_length=200
                    ),
                ),
                (
                    "heartbeat_at",
                    models.DateTimeField(
                        blank=True, help_text="The last heartbeat of the worker that owns it.", null=True
                    ),
                ),
                (
                    "enqueued_at",
                    models.DateTimeField(blank=True, help_text="When its id was last sent to the broker.", null=True),
                ),
                (
                    "error",
                    common.sentences.SentenceField(
                        blank=True,
                        default=common.sentences.Sentence,
                        help_text="The reason of a failure, or for which an active job waits.",
                    ),
                ),
                (
                    "holds_machine",
                    models.BooleanField(
                        default=False,
                        help_text="Whether it uses the machine that generation and training share; see training.jobs.handover.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "strategy",
                    models.CharField(
                        choices=[
                            ("two_seeds", "Two seeds of one version"),
                            ("two_temperatures", "Two temperatures of one version"),
                            ("two_prompts", "Two system prompts of one version"),
                            ("two_versions", "Two versions, one seed each"),
                            ("best_worst", "The best and the worst of several, by a reward"),
                            ("imported", "A version against imported texts"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "settings",
                    models.JSONField(default=dict, help_text="Sampling settings: temperature, top_p, max_tokens, ..."),
                ),
                (
                    "second_settings",
                    models.JSONField(
                        blank=True, default=dict, help_text="Settings that differ for the second text of a pair."
                    ),
                ),
                (
                    "candidates",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="Texts drawn for a pair; if more than two, the best and the worst are compared.",
                    ),
                ),
                (
                    "reward_model",
                    models.CharField(
                        blank=True,
                        help_text="Folder of an explicit reward model that ranks them instead.",
                        max_length=500,
                    ),
                ),
                ("pairs_per_prompt", models.PositiveSmallIntegerField(default=1)),
                ("seed", models.BigIntegerField(default=0)),
                (
                    "channel",
                    models.CharField(
                        default="default",
                        help_text="Where the serving version was looked up if none was named.",
                        max_length=80,
                    ),
                ),
                ("failed", models.PositiveIntegerField(default=0, help_text="Pairs that could not be written.")),
                (
                    "dropped",
                    models.PositiveIntegerField(
                        default=0, help_text="Pairs left out because both texts were nearly the same or one was empty."
                    ),
                ),
                (
                    "redrawn",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Pairs of which a text was drawn again, because they were nearly the same or one was empty.",
                    ),
                ),
                (
                    "tokens_read",
                    models.PositiveBigIntegerField(default=0, help_text="Prompt tokens the generator was sent."),
                ),
                ("tokens_written", models.PositiveBigIntegerField(default=0, help_text="Tokens it wrote.")),
                (
                    "diversity",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Sums over the pairs kept: pairs, similarity, distinct, ended.",
                    ),
                ),
                ("rate", models.FloatField(blank=True, help_text="Completions per second, recently.", null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="generation_jobs",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reward_version",
                    models.ForeignKey(
                        blank=True,
                        help_text="The version whose implicit reward, against its parent, ranks the candidates.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.modelversion",
                    ),
                ),
                ("versions", models.ManyToManyField(related_name="generation_jobs", to="training.modelversion")),
            ],
        ),
        migrations.CreateModel(
            name="GenerationItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.PositiveSmallIntegerField(
                        help_text="The number of the pair among those of its prompt, from 0."
                    ),
                ),
                ("seed_first", models.BigIntegerField()),
                ("seed_second", models.BigIntegerField()),
                (
                    "first",
                    models.JSONField(
                        blank=True,
                        help_text="The first completion, until the pair is complete (training.jobs.drafts); null: not written yet.",
                        null=True,
                    ),
                ),
                ("second", models.JSONField(blank=True, help_text="The second completion, likewise.", null=True)),
                (
                    "candidates",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="If there are several candidates, those written so far, by their number from 0.",
                    ),
                ),
                (
                    "resampled",
                    models.BooleanField(default=False, help_text="Whether a text was drawn again with another seed."),
                ),
                (
                    "tries",
                    models.PositiveSmallIntegerField(default=0, help_text="Failed attempts at a completion so far."),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("drawn", "Drawn"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("dropped", "Dropped"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    common.sentences.SentenceField(
                        blank=True,
                        default=common.sentences.Sentence,
                        help_text="Why it became no comparison, or why it is tried again.",
                    ),
                ),
                (
                    "comparison",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="labeling.comparison",
                    ),
                ),
                (
                    "imported",
                    models.ForeignKey(
                        blank=True,
                        help_text="An imported text that is the second one; then only the first is written.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="labeling.completion",
                    ),
                ),
                (
                    "prompt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="labeling.prompt"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="training.generationjob"
                    ),
                ),
                (
                    "version_first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="training.modelversion"
                    ),
                ),
                (
                    "version_second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="training.modelversion"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Deployment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        default="default", help_text="Rehearsals serve in channels of their own.", max_length=80
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("promotion", "Promotion"), ("rollback", "Rollback")], max_length=16),
                ),
                ("is_current", models.BooleanField(default=True)),
                (
                    "reason",
                    common.sentences.SentenceField(
                        blank=True, default=common.sentences.Sentence, help_text="Why, if a rule decided and no person."
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.deployment",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deployments",
                        to="training.modelversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RetrainingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("enabled", models.BooleanField(default=False)),
                (
                    "min_fresh_verdicts",
                    models.PositiveIntegerField(
                        default=200,
                        help_text="Start only if at least this many verdicts are newer than the last run's snapshot.",
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                (
                    "auto_promote",
                    models.BooleanField(
                        default=False, help_text="Promote without a person if held-out accuracy did not fall."
                    ),
                ),
                (
                    "max_accuracy_drop",
                    models.FloatField(
                        default=0.0,
                        help_text="The allowed drop below the parent's held-out reward accuracy, 0 to 1.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                (
                    "considered_at",
                    models.DateTimeField(
                        blank=True, help_text="When it was last checked whether a run should start.", null=True
                    ),
                ),
                (
                    "outcome",
                    common.sentences.SentenceField(
                        blank=True, default=common.sentences.Sentence, help_text="The result of that check."
                    ),
                ),
                ("updated_at", models.DateTimeField()),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="retraining_rule",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "periodic_task",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="retraining_rule",
                        to="django_celery_beat.periodictask",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "retraining rules",
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("cancelling", "Cancelling"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                (
                    "done",
                    models.PositiveIntegerField(default=0, help_text="Completions written, or optimizer steps taken."),
                ),
                (
                    "total",
                    models.PositiveIntegerField(default=0, help_text="How many there will be; 0: not known yet."),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="The number of the latest claim. A worker writes only while this is the number of its own claim.",
                    ),
                ),
                (
                    "worker_deaths",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Workers that died since its last progress; after too many it is given up."
                    ),
                ),
                (
                    "worker",
                    models.CharField(
                        blank=True, help_text="host:process:start time of the worker that owns it.", max_length=200
                    ),
                ),
                (
                    "heartbeat_at",
                    models.DateTimeField(
                        blank=True, help_text="The last heartbeat of the worker that owns it.", null=True
                    ),
                ),
                (
                    "enqueued_at",
                    models.DateTimeField(blank=True, help_text="When its id was last sent to the broker.", null=True),
                ),
                (
                    "error",
                    common.sentences.SentenceField(
                        blank=True,
                        default=common.sentences.Sentence,
                        help_text="The reason of a failure, or for which an active job waits.",
                    ),
                ),
                (
                    "holds_machine",
                    models.BooleanField(
                        default=False,
                        help_text="Whether it uses the machine that generation and training share; see training.jobs.handover.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "config",
                    models.JSONField(
                        default=dict, help_text="Settings that differ from the engine's defaults (RunConfig)."
                    ),
                ),
                (
                    "directory",
                    models.CharField(blank=True, help_text="The folder that the engine writes to.", max_length=500),
                ),
                (
                    "trigger",
                    models.CharField(
                        choices=[("person", "Started by a person"), ("schedule", "Started by the schedule")],
                        default="person",
                        max_length=16,
                    ),
                ),
                (
                    "engine",
                    models.CharField(
                        blank=True,
                        help_text="host:process:start time of the engine; empty: it does not run.",
                        max_length=200,
                    ),
                ),
                (
                    "latest",
                    models.JSONField(blank=True, default=dict, help_text="The newest progress line of the engine."),
                ),
                ("log_tail", models.TextField(blank=True, help_text="The last lines the engine wrote to its log.")),
                (
                    "gate",
                    models.JSONField(
                        blank=True,
                        help_text="The figures and the decision of the promotion gate; null: not asked (yet).",
                        null=True,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="labeling.campaign"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs_from",
                        to="training.modelversion",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="modelversion",
            name="run",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="version",
                to="training.run",
            ),
        ),
        migrations.CreateModel(
            name="RunMetric",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event",
                    models.CharField(help_text='"progress" (training batch) or "evaluated" (held-out).', max_length=16),
                ),
                ("step", models.PositiveIntegerField()),
                ("values", models.JSONField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="metrics", to="training.run"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "content_hash",
                    models.CharField(help_text="SHA-256; the same labels give the same hash.", max_length=64),
                ),
                ("directory", models.CharField(max_length=500)),
                ("manifest", models.JSONField(help_text="Counts, split, drop report, last judgment seen.")),
                ("train_pairs", models.PositiveIntegerField()),
                ("test_pairs", models.PositiveIntegerField()),
                (
                    "last_verdict_at",
                    models.DateTimeField(blank=True, help_text="Verdicts after this are fresh.", null=True),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="snapshots", to="labeling.campaign"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="run",
            name="snapshot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="training.snapshot"
            ),
        ),
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(help_text='"held_out" or "win_rate".', max_length=40)),
                ("results", models.JSONField()),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "against",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.modelversion",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="evaluations",
                        to="training.modelversion",
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to="training.snapshot",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LabSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("cancelling", "Cancelling"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                (
                    "done",
                    models.PositiveIntegerField(default=0, help_text="Completions written, or optimizer steps taken."),
                ),
                (
                    "total",
                    models.PositiveIntegerField(default=0, help_text="How many there will be; 0: not known yet."),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="The number of the latest claim. A worker writes only while this is the number of its own claim.",
                    ),
                ),
                (
                    "worker_deaths",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Workers that died since its last progress; after too many it is given up."
                    ),
                ),
                (
                    "worker",
                    models.CharField(
                        blank=True, help_text="host:process:start time of the worker that owns it.", max_length=200
                    ),
                ),
                (
                    "heartbeat_at",
                    models.DateTimeField(
                        blank=True, help_text="The last heartbeat of the worker that owns it.", null=True
                    ),
                ),
                (
                    "enqueued_at",
                    models.DateTimeField(blank=True, help_text="When its id was last sent to the broker.", null=True),
                ),
                (
                    "error",
                    common.sentences.SentenceField(
                        blank=True,
                        default=common.sentences.Sentence,
                        help_text="The reason of a failure, or for which an active job waits.",
                    ),
                ),
                (
                    "holds_machine",
                    models.BooleanField(
                        default=False,
                        help_text="Whether it uses the machine that generation and training share; see training.jobs.handover.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("lesson", models.JSONField(help_text="The texts: prompt, chosen, rejected, and watched (a list).")),
                (
                    "config",
                    models.JSONField(
                        default=dict, help_text="Settings that differ from the engine's defaults (RunConfig)."
                    ),
                ),
                (
                    "points",
                    models.JSONField(
                        blank=True, default=list, help_text="The figures of the model after each step, from 0 on."
                    ),
                ),
                (
                    "wrote",
                    models.JSONField(
                        blank=True, default=list, help_text="The model's own samples after some of the steps."
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        help_text="The campaign of the texts; null: a person wrote them for this job.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="training.modelversion"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["queued", "running"])),
                        fields=("created_by",),
                        name="lab_one_open_per_person",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="generationjob",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["queued", "running", "cancelling"])),
                fields=("campaign",),
                name="generation_one_active_per_campaign",
            ),
        ),
        migrations.AddIndex(
            model_name="generationitem",
            index=models.Index(fields=["job", "status", "id"], name="generation_item_waiting"),
        ),
        migrations.AddConstraint(
            model_name="generationitem",
            constraint=models.UniqueConstraint(fields=("job", "prompt", "number"), name="generation_item_once"),
        ),
        migrations.AddIndex(
            model_name="deployment",
            index=models.Index(fields=["channel", "at"], name="deployment_channel_time"),
        ),
        migrations.AddConstraint(
            model_name="deployment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)), fields=("channel",), name="deployment_one_current"
            ),
        ),
        migrations.AddConstraint(
            model_name="runmetric",
            constraint=models.UniqueConstraint(fields=("run", "event", "step"), name="run_metric_once"),
        ),
        migrations.AddConstraint(
            model_name="snapshot",
            constraint=models.UniqueConstraint(fields=("campaign", "content_hash"), name="snapshot_once"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["queued", "running", "cancelling"])),
                fields=("campaign",),
                name="run_one_active_per_campaign",
            ),
        ),
        # By hand
        migrations.RunPython(add_schedule, remove_schedule),
    ]
