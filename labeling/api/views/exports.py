"""Exports of a campaign, streamed, and what they will hold."""

from collections.abc import Iterable, Iterator

from django.http import FileResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.actions.datasets import CONSENT_CHARACTERS, LICENCES, DatasetOrder, dataset_zip
from labeling.actions.export_choices import export_filter, keep_evaluation, write_options
from labeling.actions.exports import drop_report, export_campaign
from labeling.api.base import ApiView
from labeling.api.filters import ComparisonFilter
from labeling.api.serializers.exchange import DropReportSerializer, EvaluationSerializer
from labeling.api.views.exchange import FILE, FileView
from labeling.exchange import DATASET_DIALECTS, FINDINGS, INCLUDES, KINDS, LEAST_SIMILARITY, SIDES, SIMILARITY, WRITERS
from labeling.models import Scope

BLOCK = 1 << 16


class ExportOptions(ComparisonFilter):
    """Query parameters of an export: its form, the filter of its comparisons, and how it is cleaned."""

    dialect = serializers.ChoiceField(choices=[(name, name) for name in WRITERS], default="trl")
    include = serializers.ChoiceField(
        choices=[(name, name) for name in INCLUDES],
        default=None,
        allow_null=True,
        help_text="verdicts: comparisons with a verdict. judged: also those with judgments or skips and no verdict, "
        "such as conflicts. all: also those that nobody has judged. Default: judged in dialects that list judgments, "
        "and verdicts in dialects of pairs, which can hold nothing else.",
    )
    extras = serializers.BooleanField(
        default=False,
        help_text="In trl, trl-implicit, kto and hh: columns beside the pair (pair, id, tags, source, confidence, "
        "weight, settled_by, chosen_model, rejected_model).",
    )
    side = serializers.ChoiceField(
        choices=[(name, name) for name in SIDES],
        required=False,
        help_text="Only prompts on this side of the split of the campaign's next snapshot.",
    )
    near_duplicates = serializers.ChoiceField(
        choices=[(name, name) for name in FINDINGS],
        required=False,
        help_text="Count, or drop, comparisons whose prompt is much like that of an earlier one (MinHash).",
    )
    similarity = serializers.FloatField(
        required=False,
        min_value=LEAST_SIMILARITY,
        max_value=1,
        help_text=f"From which similarity on prompts are near-duplicates (Jaccard; default {SIMILARITY}).",
    )
    contaminated = serializers.ChoiceField(
        choices=[(name, name) for name in FINDINGS],
        required=False,
        help_text="Count, or drop, comparisons that contain a prompt of the evaluation.",
    )
    evaluation = serializers.IntegerField(
        required=False, help_text="The prompts of the evaluation: the id that `keep_evaluation` gave."
    )
    redact = serializers.ListField(
        child=serializers.ChoiceField(choices=[(name, name) for name in KINDS]),
        required=False,
        help_text="Kinds of personal data to redact. Repeat the parameter for several.",
    )
    patterns = serializers.ListField(
        child=serializers.CharField(max_length=500),
        required=False,
        help_text="Regular expressions to redact. Repeat the parameter for several.",
    )
    region = serializers.CharField(
        required=False,
        max_length=2,
        help_text="The country (such as DE) whose phone numbers may stand without a country code.",
    )
    spreadsheet = serializers.BooleanField(
        default=False,
        help_text="In csv: an apostrophe precedes texts that a spreadsheet could take for formulas. The column "
        "`escaped` says so, and the import removes it again.",
    )


class ExportView(ApiView):
    scopes = {"GET": Scope.EXPORT}

    @extend_schema(
        operation_id="export", parameters=[ExportOptions], responses={(200, "application/jsonl"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Export the campaign's judgments and verdicts as preference data, streamed. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.asked(ExportOptions, only=True)
        export = export_campaign(
            campaign=campaign,
            dialect=values["dialect"],
            options=write_options(values, acting_user=self.person),
            where=export_filter(values),
            acting_user=self.person,
            now=self.now,
        )
        headers = {"Content-Disposition": f'attachment; filename="{export.filename}"'}
        return StreamingHttpResponse(in_blocks(export.pieces), content_type=export.writer.media_type, headers=headers)


class ExportReportView(ApiView):
    scopes = {"GET": Scope.EXPORT}

    @extend_schema(operation_id="export_report", parameters=[ExportOptions], responses=DropReportSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Count the records that an export keeps and drops, by reason. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.asked(ExportOptions, only=True)
        report = drop_report(
            campaign=campaign,
            dialect=values["dialect"],
            options=write_options(values, acting_user=self.person),
            where=export_filter(values),
            acting_user=self.person,
        )
        return Response(report.as_dict())


class DatasetOptions(ExportOptions):
    """Query parameters of a data set, besides those of an export."""

    dialect = serializers.ChoiceField(choices=[(name, name) for name in DATASET_DIALECTS], default="trl")
    license = serializers.ChoiceField(choices=[(name, name) for name in LICENCES])
    consent = serializers.CharField(
        max_length=CONSENT_CHARACTERS,
        help_text="How the annotators, and the people in the texts, agreed. It stands in the card.",
    )
    language = serializers.CharField(default="en", max_length=3, help_text="The code of the language of the texts.")
    title = serializers.CharField(default="", max_length=200, help_text="Default: the campaign's name.")


class DatasetView(ApiView):
    scopes = {"GET": Scope.EXPORT}

    @extend_schema(
        operation_id="export_dataset",
        parameters=[DatasetOptions],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, slug: str) -> FileResponse:
        """Export a data set: a ZIP file with a folder that `datasets` opens, a card, and Croissant metadata."""
        campaign = get_led_campaign(self.person, slug)
        values = self.asked(DatasetOptions, only=True)
        order = DatasetOrder(
            licence=values["license"],
            consent=values["consent"],
            title=values["title"],
            language=values["language"],
            dialect=values["dialect"],
            options=write_options(values, acting_user=self.person),
            where=export_filter(values),
        )
        name, file = dataset_zip(campaign=campaign, order=order, acting_user=self.person, now=self.now)
        return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


class EvaluationView(FileView):
    scopes = {"POST": Scope.EXPORT}

    @extend_schema(operation_id="keep_evaluation", request=FILE, responses={201: EvaluationSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Keep the prompts of an evaluation for your exports, for a day. The body is a file as for prompts."""
        campaign = get_led_campaign(self.person, slug)
        upload, evaluation = keep_evaluation(
            campaign=campaign, stream=self.file(request), name="", acting_user=self.person, now=self.now
        )
        values = {
            "id": upload.pk,
            "prompts": evaluation.count,
            "rejected": evaluation.rejected,
            "expires_at": upload.expires_at,
        }
        return Response(EvaluationSerializer(values).data, status=201)


def in_blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of at least 64 KiB: sending each piece costs the server a call."""
    buffer: list[bytes] = []
    size = 0
    for piece in pieces:
        buffer.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield b"".join(buffer)
            buffer, size = [], 0
    yield b"".join(buffer)
