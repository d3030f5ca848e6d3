"""Files in and out: streamed, whatever their size."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import DomainError
from labeling.access import get_led_campaign
from labeling.actions.exports import drop_report, export_campaign
from labeling.actions.imports import ImportReport, ImportSettings, import_comparisons, import_prompts
from labeling.api.base import ApiView
from labeling.api.idempotency import HashedFile, once
from labeling.api.problems import problem
from labeling.api.serializers.exchange import DropReportSerializer, ImportReportSerializer
from labeling.exchange import AUTO, READERS, WRITERS, ByteStream
from labeling.models import Scope

FILE = {
    "application/jsonl": OpenApiRequest(OpenApiTypes.BINARY),
    "application/json": OpenApiRequest(OpenApiTypes.BINARY),
    "application/gzip": OpenApiRequest(OpenApiTypes.BINARY),
}
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class FileNotSent(DomainError):
    type = "file-not-sent"
    status = 415
    sentence = gettext_lazy("Send the file itself as the body, with the content type application/jsonl, not as a form.")


class LengthRequired(DomainError):
    """Without one, a broken upload could be taken for a whole file."""

    type = "length-required"
    status = 411
    sentence = gettext_lazy("Send a Content-Length with the file.")


class ImportOptions(serializers.Serializer[Any]):
    """What may stand behind the question mark of an import."""

    refuse_all = serializers.BooleanField(default=False, help_text="A single bad record, and nothing is kept.")


class ComparisonImportOptions(ImportOptions):
    dialect = serializers.ChoiceField(choices=[(name, name) for name in (AUTO, *READERS)], default=AUTO)
    keep_preferences = serializers.BooleanField(
        default=False, help_text="Preferences in the file become verdicts; otherwise people are asked."
    )
    as_gold = serializers.BooleanField(
        default=False, help_text="All become gold: people are asked, and measured by the file's preferences."
    )


class PromptImportOptions(ImportOptions):
    form = serializers.ChoiceField(choices=[(name, name) for name in ("auto", "json", "text")], default="auto")


class FileView(ApiView):
    """A view whose body is a file, read as a stream."""

    def file(self, request: Request) -> HashedFile:
        """The body, not parsed and never whole in memory. Raises FileNotSent, LengthRequired."""
        if not hasattr(self, "_file"):
            self._file = HashedFile(_body(request))
        return self._file


class ImportComparisonsView(FileView):
    scopes = {"POST": Scope.IMPORT}

    @extend_schema(
        operation_id="import_comparisons",
        parameters=[ComparisonImportOptions],
        request=FILE,
        responses=ImportReportSerializer,
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Bring in comparisons: the body is the file (JSON lines or a JSON array, also gzipped), in any dialect.

        Good records are kept, the others are named by line and reason. The same file again brings nothing.
        """
        campaign = get_led_campaign(self.person, slug)
        settings = ImportSettings(**self.asked(ComparisonImportOptions))
        report = import_comparisons(
            campaign=campaign,
            stream=self.file(request),
            settings=settings,
            source="api",
            acting_user=self.person,
            now=self.now,
        )
        return _answer(report)


class ImportPromptsView(FileView):
    scopes = {"POST": Scope.IMPORT}

    @extend_schema(
        operation_id="import_prompts", parameters=[PromptImportOptions], request=FILE, responses=ImportReportSerializer
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Bring in prompts: the body is the file (JSON lines, a JSON array, or text with a prompt a line)."""
        campaign = get_led_campaign(self.person, slug)
        options = self.asked(PromptImportOptions)
        report = import_prompts(
            campaign=campaign, stream=self.file(request), acting_user=self.person, now=self.now, **options
        )
        return _answer(report)


BLOCK = 1 << 16


def in_blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of 64 KiB and more: each one that is sent costs the server a call."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


DIALECT = OpenApiParameter("dialect", str, enum=list(WRITERS), default="trl")


class ExportView(ApiView):
    scopes = {"GET": Scope.EXPORT}

    @extend_schema(
        operation_id="export", parameters=[DIALECT], responses={(200, "application/jsonl"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """The campaign's verdicts as preference data, streamed. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        dialect = request.query_params.get("dialect", "trl")
        export = export_campaign(campaign=campaign, dialect=dialect, acting_user=self.person, now=self.now)
        headers = {"Content-Disposition": f'attachment; filename="{export.filename}"'}
        return StreamingHttpResponse(in_blocks(export.pieces), content_type=export.writer.media_type, headers=headers)


class ExportReportView(ApiView):
    scopes = {"GET": Scope.EXPORT}

    @extend_schema(operation_id="export_report", parameters=[DIALECT], responses=DropReportSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """What an export keeps and what it leaves out, by reason. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        dialect = request.query_params.get("dialect", "trl")
        return Response(drop_report(campaign=campaign, dialect=dialect, acting_user=self.person).as_dict())


def _body(request: Request) -> ByteStream:
    if request.content_type.split(";")[0].strip() in FORMS:
        raise FileNotSent
    if not request.headers.get("Content-Length"):
        # WSGI gives such a body no end that could be trusted: it would look empty.
        raise LengthRequired
    return request._request


def _answer(report: ImportReport) -> Response:
    if not report.refused:
        return Response(report.as_dict())
    told = f"{report.rejected_count} records were rejected, so nothing was kept, as you asked."
    refusal = problem("import-refused", 422, told)
    refusal.data |= {"report": report.as_dict()}
    return refusal
