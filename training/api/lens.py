"""The API of the lens."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_comparison
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.exchange import Message
from labeling.models import Scope
from training import access
from training.actions.lens import start_lens_job
from training.api.finding import find_job, find_version
from training.api.serializers import lens as serializers
from training.lens.pairs import LensSubject, pair_of_texts, subject_of_comparison
from training.models import LensJob


class LensJobsView(ApiView):
    """Jobs of the lens: the hidden rewards of a pair, token by token."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="start_lens_job",
        request=serializers.LensJobRequestSerializer,
        responses={201: serializers.LensJobSerializer},
    )
    @once
    def post(self, request: Request) -> Response:
        """Start computing the hidden rewards of a pair. Poll the lens job until it is finished."""
        user = self.person
        access.require_any_lead(user)
        values = self.validated(serializers.LensJobRequestSerializer, request)
        if "comparison" in values:
            subject = subject_of_comparison(get_comparison(user, values["comparison"]))
        else:
            prompt = [Message(role=turn["role"], content=turn["content"]) for turn in values["prompt"]]
            subject = LensSubject(pair_of_texts(prompt, values["chosen"], values["rejected"]))
        lens_job = start_lens_job(
            version=find_version(user, values["version"]),
            reference=find_version(user, values["reference"]) if values.get("reference") else None,
            subject=subject,
            acting_user=user,
            now=self.now,
        )
        return Response(
            serializers.LensJobSerializer(lens_job, context={"reader": self.person}).data,
            status=status.HTTP_201_CREATED,
        )


class LensJobView(ApiView):
    """One lens job."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_lens_job", responses=serializers.LensJobSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get the state of a lens job, and its result once it is finished."""
        lens_jobs = access.visible_lens_jobs(self.person).select_related("version", "before", "reference")
        lens_job: LensJob = find_job(lens_jobs, pk, _("There is no lens job %(number)s among those you may see."))
        return Response(serializers.LensJobSerializer(lens_job, context={"reader": self.person}).data)
