"""The API of evaluations: asking for one, its report, cancelling and resuming it."""

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
from training.actions.evaluation import EvaluationSpec, start_evaluation
from training.actions.jobs import cancel_job, resume_job
from training.api.finding import find_job, find_version
from training.api.serializers import evaluations as serializers
from training.models import EvaluationJob


def find_evaluation(user: User, number: int) -> EvaluationJob:
    """The evaluation with this number, if the person may see it. Raises NotFound."""
    jobs = access.visible_evaluations(user).select_related("version", "compared", "campaign").defer("parts")
    job: EvaluationJob = find_job(jobs, number, _("There is no evaluation %(number)s among those you may see."))
    return job


class EvaluationsView(ApiView):
    """Evaluations of a version."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(operation_id="list_evaluations", responses=serializers.ListedVersionEvaluationSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """List the evaluations of a version that you may see, newest first, without their reports."""
        version = find_version(self.person, name)
        jobs = access.visible_evaluations(self.person).filter(version=version).defer("parts", "report")
        listed = jobs.select_related("version", "compared", "campaign").order_by("-pk")
        return self.paged(listed, serializers.ListedVersionEvaluationSerializer, context={"reader": self.person})

    @extend_schema(
        operation_id="start_evaluation",
        request=serializers.VersionEvaluationRequestSerializer,
        responses={201: serializers.ListedVersionEvaluationSerializer},
    )
    @once
    def post(self, request: Request, name: str) -> Response:
        """Start evaluating a version. One that is under way already is returned instead."""
        user = self.person
        values = self.validated(serializers.VersionEvaluationRequestSerializer, request, only=True)
        spec = EvaluationSpec(
            campaign=get_led_campaign(user, values["campaign"]) if "campaign" in values else None,
            compared=find_version(user, values["against"]) if "against" in values else None,
            prompts=values.get("prompts"),
            max_tokens=values.get("max_tokens"),
        )
        job = start_evaluation(version=find_version(user, name), acting_user=user, now=self.now, spec=spec)
        return Response(
            serializers.ListedVersionEvaluationSerializer(job, context={"reader": user}).data,
            status=status.HTTP_201_CREATED,
        )


class EvaluationView(ApiView):
    """One evaluation."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="read_evaluation",
        parameters=[serializers.EvaluationFields],
        responses=serializers.VersionEvaluationSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Get the state of an evaluation, and its report once it is finished."""
        kind = serializers.VersionEvaluationSerializer
        if self.asked(serializers.EvaluationFields).get("without") == "report":
            kind = serializers.ListedVersionEvaluationSerializer
        return Response(kind(find_evaluation(self.person, pk), context={"reader": self.person}).data)


class CancelView(ApiView):
    """Cancelling an evaluation."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="cancel_evaluation", request=None, responses=serializers.ListedVersionEvaluationSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Cancel an evaluation after its current step. Finished parts stay, so it can be resumed."""
        job = cancel_job(job=find_evaluation(self.person, pk), acting_user=self.person, now=self.now)
        return Response(serializers.ListedVersionEvaluationSerializer(job, context={"reader": self.person}).data)


class ResumeView(ApiView):
    """Resuming an evaluation."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="resume_evaluation", request=None, responses=serializers.ListedVersionEvaluationSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Resume a failed or cancelled evaluation: it continues with the missing parts."""
        job = resume_job(job=find_evaluation(self.person, pk), acting_user=self.person, now=self.now)
        return Response(serializers.ListedVersionEvaluationSerializer(job, context={"reader": self.person}).data)
