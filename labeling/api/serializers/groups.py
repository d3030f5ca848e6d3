"""Groups of annotators."""

from typing import Any

from rest_framework import serializers

from labeling.api.serializers.figures import EstimateSerializer
from labeling.models import Grouping


class DeclareGroupingSerializer(serializers.Serializer[Any]):
    """A grouping. One with the same name is replaced."""

    name = serializers.CharField(max_length=Grouping.NAME_CHARACTERS)
    groups = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=150)),
        help_text="The members of each group by its name: user names; of outside annotators the pseudonyms.",
    )


class GroupingSerializer(serializers.ModelSerializer[Grouping]):
    """A grouping without its figures."""

    groups = serializers.ListField(child=serializers.CharField(), source="names", help_text="Names of the groups.")

    class Meta:
        model = Grouping
        fields = ("id", "name", "groups", "was_found", "at")


class GroupSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    members = serializers.IntegerField()
    votes = serializers.IntegerField(
        allow_null=True,
        help_text="Votes of its members that count. null: from 50,000 judgments in the campaign on, only the command "
        "`groups` computes the figures.",
    )
    agreement = EstimateSerializer(
        allow_null=True,
        help_text="Of two votes of the group on one comparison. null: hidden (few members voted) or not computed.",
    )
    alpha = EstimateSerializer(allow_null=True, help_text="Krippendorff's alpha within the group.")


class BetweenSerializer(serializers.Serializer[Any]):
    first = serializers.CharField()
    second = serializers.CharField()
    agreement = EstimateSerializer(allow_null=True, help_text="Of a vote of one group with a vote of the other.")
    alpha = EstimateSerializer(allow_null=True, help_text="The same beyond chance: 0 is chance.")


class GroupingFiguresSerializer(serializers.Serializer[Any]):
    """The agreement within and between the groups, with 95 % intervals."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    was_found = serializers.BooleanField(help_text="Its groups were found in the votes that the figures count.")
    at = serializers.DateTimeField(help_text="When it was declared or changed last.")
    members = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), help_text="User names by group."
    )
    groups = GroupSerializer(many=True)
    between = BetweenSerializer(many=True)
