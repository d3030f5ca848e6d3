"""The API of runs: training on a campaign's labels."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import Scope, User
from training import access
from training.actions.runs import RunSpec, cancel_run, resume_run, start_run
from training.api.finding import find_job, find_version
from training.api.serializers import runs as serializers
from training.models import Run, RunMetric
from training.queries.jobs import run_metrics


def find_run(user: User, number: int) -> Run:
    """The run with this number, if the person may see it. Raises NotFound."""
    runs = access.visible_runs(user).select_related("campaign", "snapshot", "parent", "version")
    run: Run = find_job(runs, number, _("There is no run %(number)s among those you may see."))
    return run


class RunsView(ApiView):
    """The runs of the campaigns that you lead."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(
        operation_id="list_runs", parameters=[serializers.RunFilter], responses=serializers.RunSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List the runs of the campaigns you lead, newest first."""
        filters = self.asked(serializers.RunFilter)
        runs = access.visible_runs(self.person).select_related("campaign", "snapshot", "parent", "version")
        runs = runs.prefetch_related("decisions__gate")
        if "campaign" in filters:
            runs = runs.filter(campaign__slug=filters["campaign"])
        if "status" in filters:
            runs = runs.filter(status=filters["status"])
        return self.paged(runs, serializers.RunSerializer, context={"reader": self.person})

    @extend_schema(
        operation_id="start_run", request=serializers.RunRequestSerializer, responses={201: serializers.RunSerializer}
    )
    @once
    def post(self, request: Request) -> Response:
        """Start a run on a campaign's labels, frozen in a snapshot. For its leads."""
        user = self.person
        values = self.validated(serializers.RunRequestSerializer, request, only=True)
        campaign = get_led_campaign(user, values["campaign"])
        parent = find_version(user, values["parent"]) if values.get("parent") else None
        spec = RunSpec(parent=parent, config=values.get("config", {}))
        run = start_run(campaign=campaign, acting_user=user, now=self.now, spec=spec)
        return Response(
            serializers.RunSerializer(run, context={"reader": self.person}).data, status=status.HTTP_201_CREATED
        )


AFTER = OpenApiParameter("after", int, description="Only points after this step.")


class RunView(ApiView):
    """One run."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_run", parameters=[AFTER], responses=serializers.RunDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get the state of a run, its curve (or the points after a step) and the end of its log."""
        run = find_run(self.person, pk)
        metrics = serializers.RunMetricSerializer(
            run_metrics(run, after=self.asked(serializers.AfterStepSerializer)["after"]), many=True
        ).data
        return Response(serializers.RunDetailSerializer(run, context={"metrics": metrics, "reader": self.person}).data)


class RunMetricsView(ApiView):
    """The curve of a run, page by page."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_run_metrics",
        parameters=[AFTER],
        responses=serializers.RunMetricSerializer(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        """List the points of a run's curve after a step, oldest first."""
        run = find_run(self.person, pk)
        points = RunMetric.objects.filter(run=run, step__gt=self.asked(serializers.AfterStepSerializer)["after"])
        return self.paged(points, serializers.RunMetricSerializer, order=("step", "pk"))


class CancelRunView(ApiView):
    """Cancelling a run."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="cancel_run", request=None, responses=serializers.RunSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel a run after its current step. The run can be resumed."""
        user = self.person
        run = cancel_run(run=find_run(user, pk), acting_user=user, now=self.now)
        return Response(serializers.RunSerializer(run, context={"reader": self.person}).data)


class ResumeRunView(ApiView):
    """Resuming a run."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="resume_run", request=None, responses=serializers.RunSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Resume a run from its last checkpoint."""
        user = self.person
        run = resume_run(run=find_run(user, pk), acting_user=user, now=self.now)
        return Response(serializers.RunSerializer(run, context={"reader": self.person}).data)
