"""The fields of gates by people in the API."""

from typing import Any

from rest_framework import serializers

from training.actions.people_gates import MOST_PER_PROMPT, MOST_VOTES, PeopleGateSpec
from training.models import HeldPrompts, PeopleGate

DEFAULTS = PeopleGateSpec()


class OpenPeopleGateSerializer(serializers.Serializer[Any]):
    """A version, and how its gate decides. settings: of sampling; default: those of the last generation job."""

    version = serializers.CharField()
    worth = serializers.FloatField(default=DEFAULTS.worth, help_text="Worth a promotion: above 0.5, at most 0.95.")
    error = serializers.FloatField(default=DEFAULTS.error, help_text="The risk of each wrong decision: at most 0.1.")
    votes_per_prompt = serializers.IntegerField(
        default=DEFAULTS.votes_per_prompt, min_value=1, max_value=MOST_PER_PROMPT
    )
    most_votes = serializers.IntegerField(default=DEFAULTS.most_votes, min_value=1, max_value=MOST_VOTES)
    hides_from_leads = serializers.BooleanField(default=DEFAULTS.hides_from_leads)
    settings = serializers.DictField(required=False, allow_null=True)


class PeopleGateSerializer(serializers.Serializer[Any]):
    """A gate by people. evidence: now, or that of its decision; its wealths are logarithms."""

    id = serializers.IntegerField()
    campaign = serializers.CharField()
    candidate = serializers.CharField()
    serving = serializers.CharField()
    blind_test = serializers.CharField(help_text="The campaign in which people vote.")
    status = serializers.ChoiceField(choices=PeopleGate.Status.choices)
    reason = serializers.CharField()
    attempt = serializers.IntegerField(help_text="Which gate of the same two versions it is, from 1.")
    hides_from_leads = serializers.BooleanField()
    pairs = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    joined_at = serializers.DateTimeField(allow_null=True, help_text="When its votes joined the training pool.")
    expected_votes = serializers.FloatField(allow_null=True, help_text="Still needed, if they are like those so far.")
    evidence = serializers.DictField()


class HeldPromptsSerializer(serializers.Serializer[Any]):
    """The share of a campaign's prompts that is held for its gates by people, and how many these are."""

    share = serializers.FloatField(min_value=0.0, max_value=HeldPrompts.MOST)
    prompts = serializers.IntegerField(read_only=True)
