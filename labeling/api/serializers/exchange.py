"""Reports about imported and exported files."""

from typing import Any

from rest_framework import serializers


class RejectedSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Line on which the record starts, from 1.")
    record = serializers.IntegerField(help_text="Number of the record, from 1.")
    code = serializers.CharField()
    reason = serializers.CharField()
    excerpt = serializers.CharField()


class ImportReportSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Records that the campaign already has.")
    settled = serializers.IntegerField(help_text="Comparisons imported with a verdict.")
    gold = serializers.IntegerField(help_text="Comparisons imported as gold.")
    rejected_count = serializers.IntegerField()
    rejected = RejectedSerializer(many=True, help_text="The first rejected records.")
    refused = serializers.BooleanField(help_text="true: a record was rejected, so nothing was imported.")


class DropReportSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    kept = serializers.IntegerField()
    dropped = serializers.DictField(child=serializers.IntegerField(), help_text="Number of dropped records by reason.")
