"""The fields of suites, their runs and results in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.models import Campaign
from training.api.serializers.waiting import WaitingJobSerializer
from training.evaluation.pair_judges import choices_about
from training.evaluation.suite_results import (
    RunComparison,
    check_outcomes,
    counting_judges,
    figures_of_run,
    reason_of,
    results_of,
)
from training.evaluation.suites import TagFigures
from training.models import ModelVersion, ScenarioResult, Suite, SuiteRun


class SuiteRequestSerializer(serializers.Serializer[Any]):
    """A new suite: its scenarios as a list of objects, or as the text of a file."""

    name = serializers.CharField(max_length=120)
    scenarios = serializers.ListField(child=serializers.DictField(), required=False)
    file = serializers.CharField(required=False, help_text="JSONL or YAML, instead of scenarios.")
    format = serializers.ChoiceField(choices=("jsonl", "yaml"), default="jsonl", help_text="Of the file.")


class SuiteChangeSerializer(serializers.Serializer[Any]):
    """The next version of a suite. before_gate: whether every new version is run on it before the gate decides."""

    scenarios = serializers.ListField(child=serializers.DictField())
    before_gate = serializers.BooleanField(required=False)


class SuiteSerializer(serializers.ModelSerializer[Suite]):
    """A suite by its newest version."""

    campaign = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    number = serializers.IntegerField(source="current.number", read_only=True)
    size = serializers.IntegerField(source="current.size", read_only=True)
    content_hash = serializers.CharField(source="current.content_hash", read_only=True)

    class Meta:
        model = Suite
        fields: tuple[str, ...] = ("id", "campaign", "slug", "name", "before_gate", "number", "size", "content_hash")


class WholeSuiteSerializer(SuiteSerializer):
    """A suite with its scenarios."""

    scenarios = serializers.ListField(child=serializers.DictField(), source="current.scenarios", read_only=True)

    class Meta(SuiteSerializer.Meta):
        fields = (*SuiteSerializer.Meta.fields, "scenarios")


class SuiteRunRequestSerializer(serializers.Serializer[Any]):
    """A run. settings: of sampling; by default the likeliest token each time."""

    version = serializers.CharField()
    settings = serializers.DictField(required=False, help_text="temperature, top_p, top_k, max_tokens, system_prompt.")
    seed = serializers.IntegerField(default=0, min_value=0, max_value=2**31 - 1)


class TagFiguresSerializer(serializers.Serializer[Any]):
    """Scenarios of a tag. low, high: Wilson's 95 % interval of the share passed, of those decided."""

    tag = serializers.CharField()
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField()


class SuiteRunSerializer(WaitingJobSerializer, serializers.ModelSerializer[SuiteRun]):
    """A run with its figures."""

    campaign = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    suite = serializers.IntegerField(source="suite_version.suite_id", read_only=True)
    suite_version = serializers.IntegerField(source="suite_version.number", read_only=True)
    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    error = serializers.CharField(read_only=True)
    figures = serializers.SerializerMethodField()

    class Meta:
        model = SuiteRun
        fields = (
            "id",
            "campaign",
            "suite",
            "suite_version",
            "version",
            "status",
            "done",
            "total",
            "settings",
            "seed",
            "error",
            "created_at",
            "finished_at",
            "waits_for",
            "figures",
        )

    @extend_schema_field(TagFiguresSerializer(many=True))
    def get_figures(self, run: SuiteRun) -> list[dict[str, Any]]:
        """By tag; the last one, without a tag, is all of them."""
        total, tags = figures_of_run(results_of(run))
        return [figures_values(one) for one in (*tags, total)]


def figures_values(figures: TagFigures) -> dict[str, Any]:
    low, high = figures.interval
    counts = {name: getattr(figures, name) for name in ("tag", "passed", "failed", "unknown", "share")}
    return {**counts, "low": low, "high": high}


class CheckSerializer(serializers.Serializer[Any]):
    """A check with its outcome: passed, failed, or unknown."""

    kind = serializers.CharField()
    outcome = serializers.ChoiceField(choices=("passed", "failed", "unknown"))
    reason = serializers.CharField()


class ScenarioResultSerializer(serializers.ModelSerializer[ScenarioResult]):
    """A scenario of a run: the answer, and what the checks say. reason: why there is no answer."""

    reason = serializers.CharField(read_only=True)
    checks = serializers.SerializerMethodField()
    _counting: frozenset[str] | None = None

    class Meta:
        model = ScenarioResult
        fields = ("scenario", "tag", "status", "outcome", "text", "reason", "checks")

    @extend_schema_field(CheckSerializer(many=True))
    def get_checks(self, result: ScenarioResult) -> list[dict[str, Any]]:
        if self._counting is None:  # the results of one answer are of one campaign
            self._counting = counting_judges(result.run.campaign)
        return [
            {"kind": check.kind, "outcome": outcome.outcome, "reason": reason_of(outcome)}
            for check, outcome in check_outcomes(result, counting=self._counting)
        ]


class JudgeSerializer(serializers.Serializer[Any]):
    """The model judge in a campaign. counts: whether its opinions settle checks that no person has answered.

    judged: answers it was asked about, twice each. flips: those on which the order of the verdicts decided. compared:
    those that people decided as well; agreeing: those of them on which they said the same. faults:
    those of them that people failed; found: those that it failed too.
    """

    judged = serializers.IntegerField()
    flips = serializers.IntegerField()
    flip_rate = serializers.FloatField(allow_null=True)
    compared = serializers.IntegerField()
    agreeing = serializers.IntegerField()
    agreement = serializers.FloatField(allow_null=True)
    faults = serializers.IntegerField()
    found = serializers.IntegerField()
    counts = serializers.BooleanField()


class AskJudgeSerializer(serializers.Serializer[Any]):
    """The question to a judge. Without `against` the model judge is asked about rubrics."""

    against = serializers.IntegerField(required=False, help_text="An earlier run: which answers are better?")
    reward = serializers.CharField(required=False, help_text="The version whose implicit reward chooses.")
    reward_model = serializers.CharField(default="", allow_blank=True, help_text="The reward model that chooses.")


JUDGE_CHOICES = ("later", "earlier", "none")


class ChoiceSerializer(serializers.Serializer[Any]):
    """A judge's choice. chosen: none where it changed with the order (flipped) or the judge saw no difference."""

    judge = serializers.CharField(help_text='A model on a server, "reward of VERSION", or "reward model NAME".')
    chosen = serializers.ChoiceField(choices=JUDGE_CHOICES)
    in_order = serializers.ChoiceField(choices=JUDGE_CHOICES, help_text="As they were shown first.")
    swapped = serializers.ChoiceField(choices=JUDGE_CHOICES, help_text="The other way round.")
    flipped = serializers.BooleanField()
    critique = serializers.CharField()


class ScenarioChoicesSerializer(serializers.ModelSerializer[ScenarioResult]):
    """The choices of judges between the answers of two runs to one scenario. later: of the first run in the address."""

    choices = serializers.SerializerMethodField()

    class Meta:
        model = ScenarioResult
        fields = ("scenario", "tag", "choices")

    @extend_schema_field(ChoiceSerializer(many=True))
    def get_choices(self, result: Any) -> Any:
        return ChoiceSerializer(choices_about(result, result.earlier), many=True).data


class FollowUpSerializer(serializers.Serializer[Any]):
    """The scenarios whose two answers people shall compare."""

    scenarios = serializers.ListField(child=serializers.CharField(), allow_empty=False)


class ChangesSerializer(serializers.Serializer[Any]):
    """The ids of scenarios by what changed. open: not known in one of the runs. changed: left out."""

    before = serializers.IntegerField()
    after = serializers.IntegerField()
    lost = serializers.ListField(child=serializers.CharField())
    won = serializers.ListField(child=serializers.CharField())
    same = serializers.ListField(child=serializers.CharField())
    open = serializers.ListField(child=serializers.CharField())
    changed = serializers.IntegerField()


class AddedSerializer(serializers.Serializer[Any]):
    """How many comparisons were added."""

    created = serializers.IntegerField()
    duplicates = serializers.IntegerField()


def changes_values(comparison: RunComparison) -> dict[str, Any]:
    """A comparison for `ChangesSerializer`."""
    kinds = {name: getattr(comparison.changes, name) for name in ("lost", "won", "same", "open")}
    return {
        "before": comparison.before.pk,
        "after": comparison.after.pk,
        **kinds,
        "changed": comparison.changed,
    }
