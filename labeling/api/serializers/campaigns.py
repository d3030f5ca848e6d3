"""Campaigns, their rules, members and invitations."""

from typing import Any

from rest_framework import serializers

from labeling.actions.rules import MAX_DESCRIPTION, RULES
from labeling.judging.drafts import MAX_CRITERION_NAME
from labeling.models import Campaign, GuidelineVersion, Invitation, Membership, VerdictRecount
from labeling.queries.campaign_record import MEMBERSHIP_TIMES
from labeling.queries.names import day_only

FIGURES_OF_MEMBERS = ("judged", "gold_right", "gold_total", "created_at")
"""Left out beside the name in a pseudonymous campaign: they would tell whose pseudonym it is."""


class CriterionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=MAX_CRITERION_NAME)
    description = serializers.CharField(max_length=MAX_DESCRIPTION, required=False, allow_blank=True)
    required = serializers.BooleanField(required=False)  # type: ignore[assignment]


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    criteria = CriterionSerializer(many=True, required=False, help_text="Asked besides the overall choice, in order.")

    class Meta:
        model = Campaign
        fields = (
            "slug",
            "name",
            "description",
            "status",
            *(rule for rule in RULES if rule not in ("name", "description")),
            "created_at",
        )
        read_only_fields = ("slug", "status", "created_at")


class NewCampaignSerializer(CampaignSerializer):
    slug = serializers.SlugField(max_length=80, required=False, help_text="Default: derived from the name.")
    guidelines = serializers.CharField(required=False, trim_whitespace=False, help_text="Markdown.")

    class Meta:
        model = Campaign
        fields = (*CampaignSerializer.Meta.fields, "guidelines")
        read_only_fields = ("status", "created_at")


class ChangeStatusSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Campaign.Status.choices)


class GuidelineVersionSerializer(serializers.ModelSerializer[GuidelineVersion]):
    class Meta:
        model = GuidelineVersion
        fields = ("number", "text", "demand", "created_at")
        read_only_fields = ("number", "created_at")


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """A member, by name. In a pseudonymous campaign without figures and the time of joining; other times are days."""

    sometimes = FIGURES_OF_MEMBERS
    username = serializers.CharField(source="user.username", max_length=150)
    is_simulated = serializers.BooleanField(source="user.is_simulated", read_only=True)

    class Meta:
        model = Membership
        fields = (
            "username",
            "role",
            "is_simulated",
            "judged",
            "gold_right",
            "gold_total",
            "warned_at",
            "paused_at",
            "read_version",
            "practised_at",
            "qualified_at",
            "passed_at",
            "restarted_at",
            "created_at",
        )
        read_only_fields = tuple(name for name in fields if name not in ("username", "role", "is_simulated"))

    def to_representation(self, instance: Membership) -> dict[str, Any]:
        if instance.campaign.pseudonymous:  # not saved again
            for name in MEMBERSHIP_TIMES:
                setattr(instance, name, day_only(getattr(instance, name)))
        values = super().to_representation(instance)
        if instance.campaign.pseudonymous:
            return {name: value for name, value in values.items() if name not in FIGURES_OF_MEMBERS}
        return values


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ("id", "role", "note", "max_uses", "uses", "expires_at", "revoked_at", "created_at")
        read_only_fields = ("id", "uses", "revoked_at", "created_at")


class NewInvitationSerializer(InvitationSerializer):
    link = serializers.CharField(read_only=True, help_text="Shown only in this response.")

    class Meta:
        model = Invitation
        fields = (*InvitationSerializer.Meta.fields, "link")


class RecountSerializer(serializers.ModelSerializer[VerdictRecount]):
    class Meta:
        model = VerdictRecount
        fields = (
            "id",
            "cause",
            "rule",
            "status",
            "total",
            "done",
            "changed",
            "before",
            "after",
            "created_at",
            "finished_at",
        )
