"""Groups of annotators: searches, versions and win rates."""

from typing import Any

from rest_framework import serializers

from labeling.api.serializers.figures import EstimateSerializer
from training.api.serializers.waiting import WaitingJobSerializer
from training.models import GroupJob
from training.queries.groups import found_groups, names_found


class GroupJobRequestSerializer(serializers.Serializer[Any]):
    """A job about groups."""

    kind = serializers.ChoiceField(
        choices=GroupJob.Kind.choices, help_text="search: in the votes. measurement: of the versions of a grouping."
    )
    grouping = serializers.CharField(required=False, help_text="The name of the grouping to be measured.")


class FoundGroupSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField()
    names = serializers.ListField(
        child=serializers.CharField(), help_text="Its annotators; empty where the campaign is pseudonymous."
    )
    certainty = serializers.FloatField(help_text="Mean probability of their membership.")


class GroupJobSerializer(WaitingJobSerializer, serializers.ModelSerializer[GroupJob]):
    """A search for groups, or a measurement."""

    error = serializers.CharField(read_only=True)
    groups = serializers.SerializerMethodField(
        help_text="How many groups a search found; 1: one is enough. null: it is not over, or no search."
    )
    found = serializers.SerializerMethodField(help_text="The groups, the largest first; empty: one is enough.")

    class Meta:
        model = GroupJob
        fields = (
            *("id", "kind", "status", "error", "waits_for", "groups", "found"),
            *("created_at", "started_at", "finished_at"),
        )

    def get_groups(self, job: GroupJob) -> int | None:
        return (job.result or {}).get("groups") if job.kind == GroupJob.Kind.SEARCH else None

    def get_found(self, job: GroupJob) -> list[dict[str, Any]]:
        if job.kind != GroupJob.Kind.SEARCH or not job.result:
            return []
        context: Any = self.context
        if "names" not in context:  # one look for all jobs of a list, which are of one campaign
            jobs: Any = self.parent.instance if self.parent is not None else [job]
            searches = (one.result for one in jobs if one.kind == GroupJob.Kind.SEARCH and one.result)
            context["names"] = names_found(job.campaign, searches)
        found = found_groups(job.campaign, job.result, context["names"])
        return [dict(FoundGroupSerializer(one).data) for one in found]


class DeclareFoundSerializer(serializers.Serializer[Any]):
    """The name of the grouping that the found groups become."""

    name = serializers.CharField(max_length=60)


class GroupCellSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    own = serializers.CharField(help_text="The group that it was trained for; empty: it serves.")
    accuracy = serializers.DictField(child=EstimateSerializer(), help_text="Held-out accuracy by group.")


class GroupRateSerializer(serializers.Serializer[Any]):
    candidate = serializers.CharField()
    serving = serializers.CharField()
    group = serializers.CharField()
    people = serializers.IntegerField(help_text="Members who voted.")
    win_rate = EstimateSerializer(allow_null=True, help_text="null: fewer than 3 voters or 10 prompts.")


class GroupVersionsSerializer(serializers.Serializer[Any]):
    """The versions of a grouping's groups, as measured last, and the win rates by decided gates by people."""

    versions = serializers.DictField(child=serializers.CharField(), help_text="The newest version of each group.")
    table = GroupCellSerializer(many=True)
    worst_one = serializers.FloatField(allow_null=True, help_text="Accuracy of what serves in its worst group.")
    worst_each = serializers.FloatField(allow_null=True, help_text="The same with each group's own version.")
    left_out = serializers.IntegerField(
        allow_null=True, help_text="Held-out pairs that do not count: a version learned from their prompts."
    )
    win_rates = GroupRateSerializer(many=True)
