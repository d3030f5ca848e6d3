"""The fields of the playground in the API."""

from typing import Any

from rest_framework import serializers

from labeling.api.serializers.judging import MESSAGE_ROLES


class TurnSerializer(serializers.Serializer[Any]):
    """A turn of a conversation."""

    role = serializers.ChoiceField(choices=MESSAGE_ROLES)
    content = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=200_000)


class ConversationSerializer(serializers.Serializer[Any]):
    """A conversation that a version is to continue."""

    messages = serializers.ListField(child=TurnSerializer(), min_length=1, max_length=200)
    settings = serializers.DictField(required=False, help_text="temperature, top_p, top_k, max_tokens, system_prompt.")
    seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)


class CompletionSerializer(serializers.Serializer[Any]):
    """A completion. receipt: with it, the completion can be kept in a campaign within a day."""

    version = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    html = serializers.CharField(allow_blank=True, help_text="The text as safe HTML.")
    finish_reason = serializers.ChoiceField(choices=("stop", "length"))
    tokens = serializers.IntegerField()
    logprob_sum = serializers.FloatField(allow_null=True, help_text="Nats, under the version itself.")
    seed = serializers.IntegerField()
    server = serializers.CharField()
    seconds = serializers.FloatField()
    receipt = serializers.CharField()


class KeepRequestSerializer(serializers.Serializer[Any]):
    """A conversation to keep: as a prompt or, with two receipts, as a comparison of two completions."""

    messages = serializers.ListField(child=TurnSerializer(), min_length=1, max_length=200)
    receipts = serializers.ListField(child=serializers.CharField(), required=False, min_length=2, max_length=2)


class KeptSerializer(serializers.Serializer[Any]):
    """The prompt or comparison. created: false if the campaign had it already."""

    prompt = serializers.IntegerField()
    comparison = serializers.IntegerField(allow_null=True)
    created = serializers.BooleanField()
