"""Imports of files, streamed whatever their size."""

from typing import Any

from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiRequest, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import DomainError
from common.hashed_file import HashedFile
from labeling.access import get_led_campaign
from labeling.actions.campaign_imports import import_campaign
from labeling.actions.import_reports import RANKINGS, ImportReport, ImportSettings, mapping_of
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.previews import preview_import
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.api.problems import problem
from labeling.api.serializers.exchange import (
    ImportedCampaignSerializer,
    ImportReportSerializer,
)
from labeling.exchange import AUTO, READERS, ByteStream
from labeling.models import Campaign, ImportBatch, Scope

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
    """The body came without a Content-Length. A broken upload could be taken for a complete one."""

    type = "length-required"
    status = 411
    sentence = gettext_lazy("Send a Content-Length with the file.")


class ImportOptions(serializers.Serializer[Any]):
    """Query parameters of an import."""

    refuse_all = serializers.BooleanField(default=False, help_text="Import nothing if a single record is rejected.")
    dry_run = serializers.BooleanField(default=False, help_text="Read and count the file, and keep nothing.")
    file_name = serializers.CharField(default="", max_length=255, help_text="The name of the batch, for people.")
    mapping = serializers.CharField(
        default="",
        max_length=1000,
        help_text="The columns of the file, as in `prompt=question a=one b=two preference=winner annotator=worker "
        "id=key`, or `prompt=question chosen=good rejected=bad`.",
    )

    def validate_mapping(self, text: str) -> dict[str, str]:
        return mapping_of(text)


class ComparisonImportOptions(ImportOptions):
    dialect = serializers.ChoiceField(choices=[(name, name) for name in (AUTO, *READERS)], default=AUTO)
    keep_preferences = serializers.BooleanField(
        default=False,
        help_text="Opinions of named or several annotators become imported judgments, other preferences verdicts; "
        "otherwise annotators judge the comparisons.",
    )
    as_gold = serializers.BooleanField(
        default=False, help_text="Every comparison becomes gold, with the file's preference as its correct verdict."
    )
    use_guidelines = serializers.BooleanField(
        default=False, help_text="Guidelines in the file become those of the campaign, if it has none."
    )
    ranking = serializers.ChoiceField(
        choices=[(name, name) for name in RANKINGS],
        default="best-worst",
        help_text="The comparisons that a ranking of several completions becomes.",
    )


class PromptImportOptions(ImportOptions):
    form = serializers.ChoiceField(choices=[(name, name) for name in ("auto", "json", "text")], default="auto")


class FileView(ApiView):
    """A view whose body is a file, read as a stream."""

    takes_files = True
    """Read by config.bodies: the body may be large."""

    def file(self, request: Request) -> HashedFile:
        """The body, unparsed and never whole in memory. Raises FileNotSent, LengthRequired."""
        if not hasattr(self, "_file"):
            self._file = HashedFile(_body(request))
        return self._file

    def preview(self, campaign: Campaign, kind: str, settings: ImportSettings) -> Response:
        """The report of a dry run."""
        stream = self.file(self.request)
        preview = preview_import(
            campaign=campaign, kind=kind, stream=stream, settings=settings, acting_user=self.person
        )
        return _response(preview.report)


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
        """Import comparisons. The body is the file: JSON, CSV or Parquet, plain or packed, in any dialect.

        Valid records are imported; the others are reported by line and reason. Importing a file again adds nothing.
        The import is a batch, which can be taken back. With dry_run=true nothing is kept.
        """
        campaign = get_led_campaign(self.person, slug)
        options = self.asked(ComparisonImportOptions, only=True)
        dry_run, file_name = options.pop("dry_run"), options.pop("file_name")
        if dry_run:
            return self.preview(campaign, ImportBatch.Kind.COMPARISONS, ImportSettings(**options))
        report = import_comparisons(
            campaign=campaign,
            stream=self.file(request),
            settings=ImportSettings(**options),
            source="api",
            file_name=file_name,
            acting_user=self.person,
            now=self.now,
        )
        return _response(report)


class ImportPromptsView(FileView):
    scopes = {"POST": Scope.IMPORT}

    @extend_schema(
        operation_id="import_prompts", parameters=[PromptImportOptions], request=FILE, responses=ImportReportSerializer
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Import prompts. The body is the file: JSON lines, a JSON array, or text with one prompt per line."""
        campaign = get_led_campaign(self.person, slug)
        options = self.asked(PromptImportOptions, only=True)
        dry_run, file_name = options.pop("dry_run"), options.pop("file_name")
        if dry_run:
            return self.preview(campaign, ImportBatch.Kind.PROMPTS, ImportSettings(**options))
        report = import_prompts(
            campaign=campaign,
            stream=self.file(request),
            settings=ImportSettings(**options),
            file_name=file_name,
            acting_user=self.person,
            now=self.now,
        )
        return _response(report)


class CampaignImportOptions(serializers.Serializer[Any]):
    """Query parameters of an import of a whole campaign."""

    name = serializers.CharField(default=None, allow_null=True, max_length=200, help_text="Default: that in the file.")
    slug = serializers.SlugField(default=None, allow_null=True, max_length=80, help_text="Default: made from the name.")


class ImportCampaignView(FileView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(
        operation_id="import_campaign",
        parameters=[CampaignImportOptions],
        request=FILE,
        responses={201: ImportedCampaignSerializer},
    )
    @once
    def post(self, request: Request) -> Response:
        """Import a whole campaign: the file that an export with dialect=full wrote. You lead it. All of it, or nothing.

        Its annotators become accounts that nobody can sign in to. For leads and admins.
        """
        options = self.asked(CampaignImportOptions, only=True)
        result = import_campaign(stream=self.file(request), **options, acting_user=self.person, now=self.now)
        values = {"slug": result.campaign.slug, "counts": result.counts, "renamed": result.renamed}
        return Response(values, status=201)


def _body(request: Request) -> ByteStream:
    if request.content_type.split(";")[0].strip() in FORMS:
        raise FileNotSent
    if not request.headers.get("Content-Length"):
        # Without a length WSGI cannot tell where the body ends: it would look empty.
        raise LengthRequired
    return request._request


def _response(report: ImportReport) -> Response:
    if not report.refused:
        return Response(report.as_dict())
    detail = f"{report.rejected_count} records were rejected, so nothing was imported."
    refusal = problem("import-refused", 422, detail)
    refusal.data |= {"report": report.as_dict()}
    return refusal
