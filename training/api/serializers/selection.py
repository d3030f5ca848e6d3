"""The fields of the trial of what to label next in the API."""

from typing import Any

from rest_framework import serializers

from labeling.stats.arm_worth import ENOUGH, FIRST_LOOK
from training.actions.selection import MOST_ENOUGH
from training.api.serializers.waiting import WaitingJobSerializer
from training.models import ModelVersion, SelectionJob, TrialArm


class SelectionRequestSerializer(serializers.Serializer[Any]):
    """The arms of a trial."""

    shares = serializers.DictField(
        child=serializers.FloatField(min_value=0.0, max_value=0.8),
        help_text='The share of each arm in the pairs to train on, as {"novelty": 0.3}; at most 0.8 together, chance '
        f"has the rest. Empty: the trial is off. Arms: {', '.join(TrialArm.Name.values)}.",
    )
    enough = serializers.IntegerField(
        default=ENOUGH,
        min_value=FIRST_LOOK,
        max_value=MOST_ENOUGH,
        help_text="Labels of an arm after which it is switched off unless a gain is proven.",
    )


class SelectionJobSerializer(WaitingJobSerializer, serializers.ModelSerializer[SelectionJob]):
    """A choice of the pairs that come next. done, total: short runs. chosen: comparisons of each arm."""

    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    campaign: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    error = serializers.CharField(read_only=True)
    chosen = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = SelectionJob
        fields = (
            "id",
            "status",
            "done",
            "total",
            "error",
            "waits_for",
            "campaign",
            "version",
            "arm",
            "chosen",
            "created_at",
            "finished_at",
        )


class GainSerializer(serializers.Serializer[Any]):
    """Held-out accuracy over as many votes on pairs of chance, with its 95 % interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ChosenSerializer(serializers.Serializer[Any]):
    """Comparisons chosen in one way."""

    comparisons = serializers.IntegerField()
    labels = serializers.IntegerField(help_text="Those with a preference.")
    votes = serializers.IntegerField(help_text="The votes that these took, with ties, conflicts and skips.")


class ArmSerializer(ChosenSerializer):
    """An arm of the trial."""

    name = serializers.ChoiceField(choices=TrialArm.Name.choices)
    share = serializers.FloatField()
    standing = serializers.ChoiceField(choices=TrialArm.Standing.choices)
    gain = GainSerializer(allow_null=True)
    measured_labels = serializers.IntegerField(help_text="Its labels at the last look; 0: there was none.")
    next_look = serializers.IntegerField(
        help_text="The labels at which it is measured next, or as many as its votes would have paid for by chance."
    )
    tries = serializers.IntegerField(help_text="Looks in a row that could not measure it; after 3 it is switched off.")
    obstacle = serializers.ChoiceField(
        choices=TrialArm.Obstacle.choices,
        allow_blank=True,
        help_text="Why the last look could not measure it; empty: it did.",
    )
    waits = serializers.BooleanField(help_text="Whether chance takes its place until a version is trained.")
    switched_off_at = serializers.DateTimeField(allow_null=True)


class SelectionSerializer(serializers.Serializer[Any]):
    """The trial of a campaign."""

    is_on = serializers.BooleanField()
    finding = serializers.ChoiceField(
        choices=("off", "open", "pays", "none"),
        help_text="pays: an arm has a proven gain. none: all arms are switched off.",
    )
    enough = serializers.IntegerField(allow_null=True)
    random_share = serializers.FloatField(help_text="The share of chance in the pairs to train on, now.")
    held_out_share = serializers.FloatField(help_text="The share of prompts that is held out: always chosen by chance.")
    random = ChosenSerializer()
    arms = ArmSerializer(many=True)
    job = SelectionJobSerializer(allow_null=True, help_text="The newest choice.")
