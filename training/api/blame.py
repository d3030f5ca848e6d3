"""The API of the search for doubtful pairs."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.exchange import Message
from labeling.models import Scope
from training import access
from training.actions.blame import cancel_blame, start_blame
from training.api.finding import find_job
from training.api.serializers import blame as serializers
from training.api.serializers.snapshots import OfCampaignSerializer
from training.lens.pairs import pair_of_texts
from training.models import BlameJob


class SnapshotBlameView(ApiView):
    """Searches through a snapshot."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="start_blame",
        parameters=[OfCampaignSerializer],
        request=serializers.BlameRequestSerializer,
        responses={201: serializers.BlameJobSerializer},
    )
    @once
    def post(self, request: Request, name: str) -> Response:
        """Start a search for the doubtful pairs of a snapshot. With a prompt and two completions it also finds the
        pairs that made the better one worse. Poll it until it is finished."""
        values = self.validated(serializers.BlameRequestSerializer, request)
        query = None
        if "prompt" in values:
            prompt = [Message(role=turn["role"], content=turn["content"]) for turn in values["prompt"]]
            query = pair_of_texts(prompt, values["better"], values["worse"])
        snapshot = access.find_snapshot(self.person, name, **self.asked(OfCampaignSerializer))
        job = start_blame(snapshot=snapshot, query=query, acting_user=self.person, now=self.now)
        shown = serializers.BlameJobSerializer(job, context={"reader": self.person})
        return Response(shown.data, status=status.HTTP_201_CREATED)


class BlameJobView(ApiView):
    """One search."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_blame", responses=serializers.BlameJobSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get the state of a search, and its result once it is finished."""
        return Response(serializers.BlameJobSerializer(_job(self, pk), context={"reader": self.person}).data)


class CancelBlameView(ApiView):
    """Cancelling a search."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="cancel_blame", request=None, responses=serializers.BlameJobSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel a search. Computed gradients are kept for the next one."""
        job = cancel_blame(job=_job(self, pk), acting_user=self.person, now=self.now)
        return Response(serializers.BlameJobSerializer(job, context={"reader": self.person}).data)


def _job(view: ApiView, pk: int) -> BlameJob:
    jobs = access.visible_blame_jobs(view.person).select_related("version", "snapshot", "campaign")
    found: BlameJob = find_job(jobs, pk, _("There is no search %(number)s among those you may see."))
    return found
