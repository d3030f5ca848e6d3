"""Accounts, tokens, and personal data."""

from typing import Any

from rest_framework import serializers

from labeling.models import ApiToken, Erasure, Role, Scope, User


class MeSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("username", "role", "pseudonym")


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), min_length=1, help_text="Permissions of the token."
    )

    class Meta:
        model = ApiToken
        fields = ("id", "name", "scopes", "expires_at", "created_at", "last_used_at", "revoked_at")
        read_only_fields = ("id", "created_at", "last_used_at", "revoked_at")


class NewTokenSerializer(TokenSerializer):
    key = serializers.CharField(read_only=True, help_text="Shown only in this response.")

    class Meta:
        model = ApiToken
        fields = (*TokenSerializer.Meta.fields, "key")


class NewUserSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices)
    password = serializers.CharField(required=False, write_only=True, help_text="Default: a random one.")
    must_change_password = serializers.BooleanField(
        default=True, write_only=True, help_text="Whether its owner chooses another password at the first sign-in."
    )


class CreatedUserSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    password = serializers.CharField(
        allow_null=True, help_text="The random one, shown only in this response; else null."
    )


class ConsequencesSerializer(serializers.Serializer[Any]):
    """The consequences of an erasure. model_versions: trained on the person's judgments; they are kept unchanged."""

    judgments = serializers.IntegerField()
    comments = serializers.IntegerField()
    questions = serializers.IntegerField()
    tokens = serializers.IntegerField()
    campaigns = serializers.IntegerField()
    model_versions = serializers.ListField(child=serializers.CharField())


class EraseSerializer(serializers.Serializer[Any]):
    confirmation = serializers.CharField(help_text="The user name, repeated.")
    withdraw = serializers.BooleanField(
        default=False, help_text="Also withdraw the judgments from verdicts and all statistics."
    )


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    """A completed erasure. person: the pseudonym. withdrawn: number of judgments that no longer count."""

    person = serializers.CharField(source="person.pseudonym")

    class Meta:
        model = Erasure
        fields = ("person", "at", "judgments", "withdrawn", "comments", "questions", "tokens", "model_versions")


class StatementSerializer(serializers.Serializer[Any]):
    """One annotator's judgment of a comparison, by pseudonym. choice: a, b, tie, both_bad or skip."""

    annotator = serializers.CharField(source="pseudonym")
    is_simulated = serializers.BooleanField()
    choice = serializers.CharField()
    strength = serializers.CharField(help_text="slightly, clearly, much, or empty")
    comment = serializers.CharField()
    skip_reason = serializers.CharField()
    seconds = serializers.FloatField(allow_null=True)
    at = serializers.DateTimeField()
