"""Pairs with known answers, and the rounds in which annotators practise on them or qualify.

Answers are no judgments: they have their own table, hold no place of a comparison, and count in no verdict, total,
agreement or export.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User
from labeling.models.campaign import Campaign
from labeling.models.choice import Choice, Winner
from labeling.models.comparison import Assignment, Comparison
from labeling.models.guidelines import GuidelineVersion


class PracticePair(models.Model):
    """A comparison with a known answer that annotators practise or qualify on. It is judged for nothing else."""

    class Use(models.TextChoices):
        PRACTICE = "practice", _("Practice")  # the answer is shown after each pair
        QUALIFICATION = "qualification", _("Qualification")  # only the result of the round is shown

    comparison = models.OneToOneField(Comparison, on_delete=models.CASCADE, related_name="practice", primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    use = models.CharField(max_length=16, choices=Use.choices, default=Use.PRACTICE)
    winner = models.CharField(max_length=8, choices=Winner.choices)
    strength = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="1 slightly, 2 clearly, 3 much better; null: no known strength."
    )
    criteria = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="The known answers to criteria, by name: a, b or tie."
    )
    explanation = models.TextField(blank=True, help_text="Markdown. Why this is the right answer.")
    set_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.use} pair {self.comparison_id}"


class PracticeRound(models.Model):
    """An annotator's round of practice, or attempt to qualify. Its pairs are drawn when it starts."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="practice_rounds", db_index=False)
    annotator = models.ForeignKey(User, on_delete=models.CASCADE, related_name="practice_rounds")
    use = models.CharField(max_length=16, choices=PracticePair.Use.choices)
    guideline_version = models.ForeignKey(GuidelineVersion, null=True, on_delete=models.PROTECT, related_name="+")
    needed = models.PositiveSmallIntegerField(default=0, help_text="Right answers needed to qualify; 0 in practice.")
    total = models.PositiveSmallIntegerField(help_text="Pairs of the round.")
    right = models.PositiveSmallIntegerField(default=0, help_text="Right answers; known when the round is finished.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign", "annotator"], condition=Q(finished_at=None), name="practice_round_open_once"
            ),
        )
        indexes = (models.Index(fields=["campaign", "annotator", "started_at"], name="practice_round_of_annotator"),)

    @property
    def is_passed(self) -> bool:
        """Whether enough answers are right. A practice round needs none."""
        return self.right >= self.needed

    def __str__(self) -> str:
        return f"{self.use} of {self.annotator} in {self.campaign}"


class PracticeAnswer(models.Model):
    """A pair of a round, with the side drawn for it and, once given, the annotator's answer."""

    round = models.ForeignKey(PracticeRound, on_delete=models.CASCADE, related_name="answers", db_index=False)
    annotator = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="practice_answers")
    position = models.PositiveSmallIntegerField(help_text="Its place in the round, from 1.")
    left = models.CharField(max_length=1, choices=Assignment.Side.choices, help_text="The completion on the left.")
    choice = models.CharField(max_length=8, choices=Choice.choices, blank=True, help_text="Empty: not answered yet.")
    strength = models.PositiveSmallIntegerField(null=True, blank=True, help_text="As in a judgment; null: not asked.")
    criteria = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="Answers to criteria, by name: a, b or tie."
    )
    is_right = models.BooleanField(null=True, help_text="Whether the choice is right. Nothing else is scored.")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["round", "position"], name="practice_answer_position_once"),
            models.UniqueConstraint(fields=["round", "comparison"], name="practice_answer_pair_once"),
        )

    def __str__(self) -> str:
        return f"{self.choice or 'no answer'} to {self.comparison_id}"
