"""The API of the playground, and the download of a version."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from common.text.rendering import render_markdown
from common.zipping import stream_zip
from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import Scope
from training import playground
from training.actions.versions import note_download
from training.api.finding import find_version
from training.api.serializers import playground as serializers
from training.versions import hub


class CompletionView(ApiView):
    """Completions of the playground."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="write_completion",
        request=serializers.ConversationSerializer,
        responses=serializers.CompletionSerializer,
    )
    def post(self, request: Request, name: str) -> Response:
        """Write one completion of a conversation. Nothing is stored.

        Send the receipt to keep the completion in a campaign.
        """
        version = find_version(self.person, name)
        values = self.validated(serializers.ConversationSerializer, request)
        signed = playground.complete(version=version, acting_user=self.person, **values)
        completion = signed.completion
        fields = {
            "version": version.name,
            "text": completion.text,
            "html": render_markdown(completion.text),
            "finish_reason": completion.finish_reason,
            "tokens": completion.tokens_written,
            "logprob_sum": completion.logprob_sum,
            "seed": completion.seed,
            "server": completion.server,
            "seconds": round(signed.seconds, 3),
            "receipt": signed.receipt,
        }
        return Response(serializers.CompletionSerializer(fields).data)


class KeepView(ApiView):
    """Keeping a conversation."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="keep_conversation",
        request=serializers.KeepRequestSerializer,
        responses={201: serializers.KeptSerializer},
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Add a conversation to a campaign: as a prompt or, with two receipts, as a comparison of two completions."""
        user = self.person
        campaign = get_led_campaign(user, slug)
        values = self.validated(serializers.KeepRequestSerializer, request)
        messages, receipts = values["messages"], values.get("receipts")
        if receipts:
            comparison, created = playground.keep_comparison(
                campaign=campaign, messages=messages, receipts=receipts, acting_user=user, now=self.now
            )
            kept: dict[str, int | None] = {"prompt": comparison.prompt_id, "comparison": comparison.pk}
        else:
            prompt, created = playground.keep_prompt(
                campaign=campaign, messages=messages, acting_user=user, now=self.now
            )
            kept = {"prompt": prompt.pk, "comparison": None}
        return Response(serializers.KeptSerializer({**kept, "created": created}).data, status=status.HTTP_201_CREATED)


class DownloadView(ApiView):
    """A version's files."""

    scopes = {"GET": Scope.EXPORT}

    @extend_schema(operation_id="download_version", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, name: str) -> StreamingHttpResponse:
        """Download a version: a ZIP file with a folder in the layout of a model hub, which PEFT and vLLM load."""
        version = find_version(self.person, name)
        files = hub.hub_files(version)
        note_download(version=version, acting_user=self.person, now=self.now)
        headers = {"Content-Disposition": f'attachment; filename="{version.name}.zip"'}
        return StreamingHttpResponse(stream_zip(version.name, files), content_type="application/zip", headers=headers)
