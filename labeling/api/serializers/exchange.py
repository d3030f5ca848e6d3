"""What became of a file."""

from typing import Any

from rest_framework import serializers


class RejectedSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Where the record starts, from 1.")
    record = serializers.IntegerField(help_text="Its number among the records, from 1.")
    code = serializers.CharField()
    reason = serializers.CharField()
    excerpt = serializers.CharField()


class ImportReportSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Were there already.")
    settled = serializers.IntegerField(help_text="Came in with a verdict.")
    gold = serializers.IntegerField(help_text="Came in as gold.")
    rejected_count = serializers.IntegerField()
    rejected = RejectedSerializer(many=True, help_text="The first of them.")
    refused = serializers.BooleanField(help_text="Nothing was kept because of what was rejected, as asked.")


class DropReportSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    kept = serializers.IntegerField()
    dropped = serializers.DictField(child=serializers.IntegerField(), help_text="How many were left out, by reason.")
