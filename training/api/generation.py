"""The API of generation."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import Scope, User
from training import access
from training.actions.generation import cancel_generation, resume_generation, start_generation
from training.actions.planning import GenerationSpec
from training.api.finding import find_job, find_version
from training.api.serializers import generation as serializers
from training.models import GenerationJob


def find_generation(user: User, number: int) -> GenerationJob:
    """The generation job with this number, if the person may see it. Raises NotFound."""
    jobs = access.visible_generation_jobs(user).select_related("campaign").prefetch_related("versions")
    job: GenerationJob = find_job(jobs, number, _("There is no generation job %(number)s among those you may see."))
    return job


class StartGenerationView(ApiView):
    """Candidate pairs for a campaign's prompts."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="start_generation",
        request=serializers.GenerationRequestSerializer,
        responses={201: serializers.GenerationJobSerializer},
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Start generating candidate pairs for a campaign. For its leads."""
        user = self.person
        campaign = get_led_campaign(user, slug)
        values = self.validated(serializers.GenerationRequestSerializer, request)
        if names := values.pop("versions", None):
            values["versions"] = [find_version(user, name) for name in names]
        if "reward_version" in values:
            values["reward_version"] = find_version(user, values["reward_version"])
        job = start_generation(campaign=campaign, acting_user=user, now=self.now, spec=GenerationSpec(**values))
        return Response(
            serializers.GenerationJobSerializer(job, context={"reader": self.person}).data,
            status=status.HTTP_201_CREATED,
        )


class GenerationView(ApiView):
    """One generation job."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_generation", responses=serializers.GenerationJobSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get the state and progress of a generation job."""
        return Response(
            serializers.GenerationJobSerializer(find_generation(self.person, pk), context={"reader": self.person}).data
        )


class CancelGenerationView(ApiView):
    """Cancelling a generation job."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="cancel_generation", request=None, responses=serializers.GenerationJobSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel a generation job. Pairs written so far are kept."""
        user = self.person
        job = cancel_generation(job=find_generation(user, pk), acting_user=user, now=self.now)
        return Response(serializers.GenerationJobSerializer(job, context={"reader": self.person}).data)


class ResumeGenerationView(ApiView):
    """Resuming a generation job."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="resume_generation", request=None, responses=serializers.GenerationJobSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Resume a failed or cancelled generation job."""
        user = self.person
        job = resume_generation(job=find_generation(user, pk), acting_user=user, now=self.now)
        return Response(serializers.GenerationJobSerializer(job, context={"reader": self.person}).data)
