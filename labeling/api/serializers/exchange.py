"""Reports about imported and exported files."""

from typing import Any

from rest_framework import serializers

from labeling.models import ImportBatch


class RejectedSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Line on which the record starts, from 1.")
    record = serializers.IntegerField(help_text="Number of the record, from 1.")
    code = serializers.CharField()
    reason = serializers.CharField()
    excerpt = serializers.CharField()


class ContradictionSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Line on which the record starts, from 1.")
    record = serializers.IntegerField(help_text="Number of the record, from 1.")
    earlier_record = serializers.IntegerField(help_text="Number of the record that it contradicts.")


class ImportReportSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Records that the campaign already has.")
    settled = serializers.IntegerField(help_text="Comparisons imported with a verdict.")
    gold = serializers.IntegerField(help_text="Comparisons imported as gold.")
    judgments = serializers.IntegerField(help_text="New judgments of outside annotators, skips included.")
    rejected_count = serializers.IntegerField()
    rejected = RejectedSerializer(many=True, help_text="The first rejected records.")
    refused = serializers.BooleanField(help_text="true: a record was rejected, so nothing was imported.")
    dry_run = serializers.BooleanField(help_text="true: the file was only read and counted.")
    batch = serializers.IntegerField(
        allow_null=True, help_text="The batch of this import; null for a dry run and for practice pairs."
    )

    field_uses = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="By field of the records: how often it was `used`, kept as `metadata`, or the cause of a refusal.",
    )
    notes = serializers.DictField(child=serializers.IntegerField(), help_text="Numbers of unusual records by code.")
    contradictions = ContradictionSerializer(many=True, help_text="The first records that contradict an earlier one.")
    examples = serializers.DictField(
        child=serializers.DictField(),
        help_text="By code of a fault of the model: `line` and `record` of the first, and its `detail`.",
    )
    guidelines = serializers.CharField(required=False, help_text="Guidelines that the file holds.")


class BatchSerializer(serializers.ModelSerializer[ImportBatch]):
    """One import. Its rejected records are the first ones."""

    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)
    taken_back_by = serializers.CharField(source="taken_back_by.username", default=None, allow_null=True)
    rejected = RejectedSerializer(many=True)
    settings = serializers.DictField(help_text="How the file was read.")
    field_uses = serializers.DictField(help_text="As in the report of an import.")
    notes = serializers.DictField(
        help_text="`notes`, `contradictions`, `examples` and `guidelines` of the report of the import."
    )

    class Meta:
        model = ImportBatch
        fields = (
            "id",
            "kind",
            "status",
            "file_name",
            "size",
            "sha256",
            "dialect",
            "settings",
            "created",
            "duplicates",
            "settled",
            "gold",
            "judgments",
            "rejected_count",
            "rejected",
            "field_uses",
            "notes",
            "created_by",
            "created_at",
            "imported_at",
            "taken_back_by",
            "taken_back_at",
        )


class TakenBackSerializer(serializers.Serializer[Any]):
    comparisons = serializers.IntegerField(help_text="Deleted comparisons.")
    prompts = serializers.IntegerField(help_text="Deleted prompts.")
    kept_prompts = serializers.IntegerField(help_text="Prompts that other data uses: they stay.")


class DropReportSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField(help_text="Comparisons.")
    kept = serializers.IntegerField(help_text="Comparisons that are written.")
    dropped = serializers.DictField(child=serializers.IntegerField(), help_text="Dropped comparisons by reason.")
    edited = serializers.IntegerField(help_text="Pairs with an improved text that are written, besides comparisons.")
    dropped_edited = serializers.IntegerField(help_text="Such pairs that are dropped.")
    judgments = serializers.IntegerField(help_text="Judgments that are written, in dialects that list them.")
    dropped_judgments = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Judgments that are not written: by choice, or under `comparison` if theirs is dropped.",
    )
    escaped = serializers.IntegerField(help_text="Changed cells of a CSV for spreadsheets.")
    found = serializers.DictField(
        child=serializers.IntegerField(), help_text="Comparisons that cleaning found, dropped or not, by reason."
    )
    examples = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField()), help_text="The first of them."
    )
    redacted = serializers.DictField(child=serializers.IntegerField(), help_text="Redacted places by kind.")


class EvaluationSerializer(serializers.Serializer[Any]):
    """The kept prompts of an evaluation."""

    id = serializers.IntegerField(help_text="For the parameter `evaluation` of an export.")
    prompts = serializers.IntegerField()
    rejected = serializers.IntegerField(help_text="Records that hold no prompt.")
    expires_at = serializers.DateTimeField()


class ImportedCampaignSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Imported rows by kind.")
    renamed = serializers.DictField(
        child=serializers.CharField(), help_text="Pseudonyms that people here have already, with the new ones."
    )
