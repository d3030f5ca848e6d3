"""Scenario suites of a campaign, their versions, runs of them, and people's answers."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.sentences import SentenceField
from labeling.models import Campaign, User
from training.models.job import Job
from training.models.version import ModelVersion


class Suite(models.Model):
    """A set of scenarios. Its contents are its versions: a change makes the next number."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="suites")
    slug = models.SlugField(max_length=80, help_text="Its name in commands and in the API.")
    name = models.CharField(max_length=120)
    before_gate = models.BooleanField(
        default=True, help_text="Whether every new version is run on it before the gate decides."
    )
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "slug"], name="suite_once_in_campaign"),)

    @property
    def current(self) -> "SuiteVersion":
        """Its newest version; of the versions that were read with it, if they were."""
        if "versions" in getattr(self, "_prefetched_objects_cache", {}):
            return max(self.versions.all(), key=lambda version: version.number)
        newest = self.versions.order_by("-number").first()
        assert newest is not None  # a suite is made with its first version
        return newest

    def __str__(self) -> str:
        return self.name


class SuiteVersion(models.Model):
    """The scenarios of a suite at one time. Append-only: a database trigger refuses to change or delete a row."""

    suite = models.ForeignKey(Suite, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    scenarios = models.JSONField(help_text="The scenarios in order; see training.evaluation.suites.")
    size = models.PositiveIntegerField(help_text="The number of scenarios.")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the scenarios.")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["suite", "number"], name="suite_version_once"),)

    def __str__(self) -> str:
        return f"{self.suite} {self.number}"


class SuiteRun(Job):
    """Has a model version answer every scenario of a suite's version, and checks the answers."""

    QUEUE = "generate"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="suite_runs")
    suite_version = models.ForeignKey(SuiteVersion, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="suite_runs")
    settings = models.JSONField(default=dict, help_text="Sampling settings; by default the likeliest token each time.")
    compared_run = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The earlier run: a judge is being asked which of both answers is better. Null: about rubrics.",
    )
    reward_version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version whose implicit reward chooses between the answers. Null: another judge does.",
    )
    reward_model = models.CharField(
        max_length=500, blank=True, help_text="The folder of the reward model that chooses between the answers."
    )
    seed = models.BigIntegerField(default=0, help_text="Of every scenario, so that a run can be repeated.")

    class Meta:
        constraints = (
            # A second click on the button is refused instead of asking everything twice.
            models.UniqueConstraint(
                fields=["suite_version", "version"],
                condition=Q(status__in=["queued", "running", "cancelling"]),
                name="suite_run_one_active",
            ),
        )
        indexes = (models.Index(fields=["suite_version", "version", "-id"], name="suite_run_newest"),)

    def __str__(self) -> str:
        return f"suite run {self.pk}"


class ScenarioResult(models.Model):
    """One scenario of a run: the version's answer, and what the checks say about it."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        WRITTEN = "written", _("Answered")
        FAILED = "failed", _("No answer")  # the generator failed, which says nothing about the version

    class Outcome(models.TextChoices):
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Not known")

    run = models.ForeignKey(SuiteRun, on_delete=models.CASCADE, related_name="results")
    number = models.PositiveIntegerField(help_text="The place of the scenario in its suite, from 0.")
    scenario = models.CharField(max_length=80, help_text="The id of the scenario in its suite.")
    scenario_hash = models.CharField(max_length=64, help_text="Equal for scenarios with equal messages and checks.")
    tag = models.CharField(max_length=40)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Failed attempts at an answer so far.")
    reason = SentenceField(help_text="Why there is no answer, or why it is tried again.")
    text = models.TextField(blank=True)
    completion = models.JSONField(
        null=True, blank=True, help_text="The whole completion (training.jobs.drafts), for comparisons with others."
    )
    checks = models.JSONField(default=list, help_text="Each check's own outcome: [{outcome, text, values}].")
    choices = models.JSONField(
        default=dict,
        blank=True,
        help_text="By the id of an earlier result: each judge's opinion which answer is better.",
    )
    outcome = models.CharField(
        max_length=8, choices=Outcome.choices, default=Outcome.UNKNOWN, help_text="With people's answers."
    )

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["run", "number"], name="scenario_result_once"),)

    @property
    def given(self) -> dict[str, Any]:
        """The scenario as its suite's version has it."""
        given: dict[str, Any] = self.run.suite_version.scenarios[self.number]
        return given

    def __str__(self) -> str:
        return f"{self.scenario} of {self.run}"


class ScenarioAnswer(models.Model):
    """A person's answer to the question of one check about one text. Which version wrote it was not shown."""

    class Answer(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        CANNOT_SAY = "cannot_say", _("Cannot say")

    result = models.ForeignKey(ScenarioResult, on_delete=models.CASCADE, related_name="answers")
    check_number = models.PositiveSmallIntegerField(help_text="The place of the check in its scenario, from 0.")
    answer = models.CharField(max_length=10, choices=Answer.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="scenario_answers")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True, help_text="When the person took it back; null: it counts.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["result", "check_number", "by"],
                condition=Q(undone_at__isnull=True),
                name="scenario_answer_once_a_person",
            ),
        )

    def __str__(self) -> str:
        return f"{self.answer} to {self.result}"
