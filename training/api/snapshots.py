"""The API of snapshots: the frozen labels that runs train on."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ApiView
from labeling.models import Scope
from training.access import find_snapshot, visible_snapshots
from training.api.serializers import snapshots as serializers
from training.queries.snapshots import changes_between, snapshot_before
from training.versions.snapshot_files import snapshot_zip


class SnapshotsView(ApiView):
    """The snapshots of the campaigns that you lead."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_snapshots",
        parameters=[serializers.SnapshotFilter],
        responses=serializers.SnapshotSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List the snapshots of the campaigns you lead, newest first."""
        filters = self.asked(serializers.SnapshotFilter)
        rows = visible_snapshots(self.person).select_related("campaign").prefetch_related("runs__version")
        if "campaign" in filters:
            rows = rows.filter(campaign__slug=filters["campaign"])
        return self.paged(rows, serializers.SnapshotSerializer)


class SnapshotView(ApiView):
    """One snapshot."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="get_snapshot",
        parameters=[serializers.OfCampaignSerializer],
        responses=serializers.SnapshotSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        """Get a snapshot by its hash, or by the beginning of it."""
        asked = self.asked(serializers.OfCampaignSerializer)
        return Response(serializers.SnapshotSerializer(find_snapshot(self.person, name, **asked)).data)


class SnapshotChangesView(ApiView):
    """The changes from one snapshot to another."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="compare_snapshots",
        parameters=[serializers.SinceSerializer, serializers.OfCampaignSerializer],
        responses=serializers.SnapshotChangesSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        """Count the pairs that changed since another snapshot."""
        asked = self.asked(serializers.OfCampaignSerializer)
        since = self.asked(serializers.SinceSerializer).get("since")
        after = find_snapshot(self.person, name, **asked)
        before = find_snapshot(self.person, since, **asked) if since else snapshot_before(after)
        changes = changes_between(before, after)
        return Response({"same": changes.same, **changes.counts})


class SnapshotDownloadView(ApiView):
    """A snapshot's files."""

    scopes = {"GET": Scope.EXPORT}

    @extend_schema(
        operation_id="download_snapshot",
        parameters=[serializers.OfCampaignSerializer],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, name: str) -> StreamingHttpResponse:
        """Download a snapshot: a ZIP file with its pairs and its manifest, after every byte was checked."""
        asked = self.asked(serializers.OfCampaignSerializer)
        filename, pieces = snapshot_zip(find_snapshot(self.person, name, **asked))
        headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
        return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)
