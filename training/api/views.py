"""The API of training: each view checks what was sent, calls one action or query, and writes what came of it."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import NotFound
from common.numbers import whole_number
from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import Scope, User
from training import access
from training.actions.generation import cancel_generation, resume_generation, start_generation
from training.actions.planning import GenerationSpec
from training.actions.retraining import save_retraining_rule
from training.actions.runs import RunSpec, cancel_run, resume_run, start_run
from training.actions.versions import promote, roll_back
from training.api.serializers import jobs as serializers
from training.models import GenerationJob, ModelVersion, RetrainingRule, Run, RunMetric
from training.queries.jobs import run_metrics
from training.queries.serving import current_deployment


def find_job(jobs: QuerySet[Any], number: int, noun: str) -> Any:
    """A job this person may see. Raises NotFound."""
    job = jobs.filter(pk=number).first()
    if job is None:
        raise NotFound(f"There is no {noun} {number} among those you may see.")
    return job


def find_generation(user: User, number: int) -> GenerationJob:
    """Raises NotFound."""
    jobs = access.visible_generation_jobs(user).select_related("campaign").prefetch_related("versions")
    found: GenerationJob = find_job(jobs, number, "generation job")
    return found


def find_run(user: User, number: int) -> Run:
    """Raises NotFound."""
    runs = access.visible_runs(user).select_related("campaign", "snapshot", "parent", "version")
    found: Run = find_job(runs, number, "run")
    return found


def find_version(user: User, name: str) -> ModelVersion:
    """Raises NotAllowed, NotFound."""
    access.require_any_lead(user)
    versions = access.visible_versions(user).select_related("parent", "run__campaign")
    version = versions.filter(name=name).first()
    if version is None:
        raise access.version_not_found(name)
    return version


class StartGenerationView(ApiView):
    """Candidate pairs for a campaign's prompts."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        request=serializers.GenerationRequestSerializer, responses={201: serializers.GenerationJobSerializer}
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Starts writing candidate pairs."""
        user = self.person
        campaign = get_led_campaign(user, slug)
        values = self.validated(serializers.GenerationRequestSerializer, request)
        if names := values.pop("versions", None):
            values["versions"] = [find_version(user, name) for name in names]
        if "reward_version" in values:
            values["reward_version"] = find_version(user, values["reward_version"])
        job = start_generation(campaign=campaign, acting_user=user, now=self.now, spec=GenerationSpec(**values))
        return Response(serializers.GenerationJobSerializer(job).data, status=status.HTTP_201_CREATED)


class GenerationView(ApiView):
    """One generation job."""

    scopes = {"GET": Scope.READ}

    @extend_schema(responses=serializers.GenerationJobSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How far it is."""
        return Response(serializers.GenerationJobSerializer(find_generation(self.person, pk)).data)


class CancelGenerationView(ApiView):
    """Stopping a generation job."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(request=None, responses=serializers.GenerationJobSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Stops it; what is written stays."""
        user = self.person
        job = cancel_generation(job=find_generation(user, pk), acting_user=user, now=self.now)
        return Response(serializers.GenerationJobSerializer(job).data)


class ResumeGenerationView(ApiView):
    """Going on with a generation job."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(request=None, responses=serializers.GenerationJobSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Goes on with one that failed or was cancelled."""
        user = self.person
        job = resume_generation(job=find_generation(user, pk), acting_user=user, now=self.now)
        return Response(serializers.GenerationJobSerializer(job).data)


class RunsView(ApiView):
    """The runs of the campaigns one leads."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(parameters=[serializers.RunFilter], responses=serializers.RunSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        asked = self.asked(serializers.RunFilter)
        runs = access.visible_runs(self.person).select_related("campaign", "snapshot", "parent", "version")
        if "campaign" in asked:
            runs = runs.filter(campaign__slug=asked["campaign"])
        if "status" in asked:
            runs = runs.filter(status=asked["status"])
        return self.paged(runs, serializers.RunSerializer)

    @extend_schema(request=serializers.RunRequestSerializer, responses={201: serializers.RunSerializer})
    @once
    def post(self, request: Request) -> Response:
        """Freezes a campaign's labels and starts a run on them."""
        user = self.person
        values = self.validated(serializers.RunRequestSerializer, request)
        campaign = get_led_campaign(user, values["campaign"])
        parent = find_version(user, values["parent"]) if values.get("parent") else None
        spec = RunSpec(parent=parent, config=values.get("config", {}))
        run = start_run(campaign=campaign, acting_user=user, now=self.now, spec=spec)
        return Response(serializers.RunSerializer(run).data, status=status.HTTP_201_CREATED)


AFTER = OpenApiParameter("after", int, description="Only points of later steps.")


def _after(request: Request) -> int:
    after = whole_number(request.query_params.get("after", ""))
    return -1 if after is None else after


class RunView(ApiView):
    """One run."""

    scopes = {"GET": Scope.READ}

    @extend_schema(parameters=[AFTER], responses=serializers.RunDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How far it is, with its curve (or what is new of it) and the end of its log."""
        run = find_run(self.person, pk)
        metrics = serializers.RunMetricSerializer(run_metrics(run, after=_after(request)), many=True).data
        return Response(serializers.RunDetailSerializer(run, context={"metrics": metrics}).data)


class RunMetricsView(ApiView):
    """A run's curve, for those who have its beginning."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        parameters=[AFTER],
        responses=serializers.RunMetricSerializer(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        """The points after a step, oldest first."""
        run = find_run(self.person, pk)
        points = RunMetric.objects.filter(run=run, step__gt=_after(request))
        return self.paged(points, serializers.RunMetricSerializer, order=("step", "pk"))


class CancelRunView(ApiView):
    """Stopping a run."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(request=None, responses=serializers.RunSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Stops it after its current step; it can be resumed."""
        user = self.person
        run = cancel_run(run=find_run(user, pk), acting_user=user, now=self.now)
        return Response(serializers.RunSerializer(run).data)


class ResumeRunView(ApiView):
    """Going on with a run."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(request=None, responses=serializers.RunSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Goes on from its last checkpoint."""
        user = self.person
        run = resume_run(run=find_run(user, pk), acting_user=user, now=self.now)
        return Response(serializers.RunSerializer(run).data)


def version_context() -> dict[str, Any]:
    """What the version serializer wants to know besides: which one serves."""
    deployment = current_deployment()
    return {"serving_id": deployment.version_id if deployment else None}


class VersionsView(ApiView):
    """Model versions."""

    scopes = {"GET": Scope.READ}

    @extend_schema(parameters=[serializers.VersionFilter], responses=serializers.ModelVersionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Those one may see, newest first."""
        user = self.person
        access.require_any_lead(user)
        asked = self.asked(serializers.VersionFilter)
        versions = access.visible_versions(user).select_related("parent", "run__campaign")
        if "campaign" in asked:
            versions = versions.filter(run__campaign__slug=asked["campaign"])
        return self.paged(versions, serializers.ModelVersionSerializer, context=version_context())


class VersionView(ApiView):
    """One model version."""

    scopes = {"GET": Scope.READ}

    @extend_schema(responses=serializers.ModelVersionSerializer)
    def get(self, request: Request, name: str) -> Response:
        """What it is and where it comes from."""
        version = find_version(self.person, name)
        return Response(serializers.ModelVersionSerializer(version, context=version_context()).data)


class PromoteView(ApiView):
    """Changing what serves."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(request=None, responses=serializers.DeploymentSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Makes the version the one that writes the next candidates."""
        user = self.person
        deployment = promote(version=find_version(user, name), acting_user=user, now=self.now)
        return Response(serializers.DeploymentSerializer(deployment).data)


class RollBackView(ApiView):
    """Changing what serves back."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(request=None, responses=serializers.DeploymentSerializer)
    def post(self, request: Request) -> Response:
        """Returns to the version that served before."""
        deployment = roll_back(acting_user=self.person, now=self.now)
        return Response(serializers.DeploymentSerializer(deployment).data)


class RetrainingRuleView(ApiView):
    """When a campaign retrains by itself."""

    scopes = {"GET": Scope.READ, "PUT": Scope.TRAIN}

    @extend_schema(responses=serializers.RetrainingRuleSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """The rule; a switched-off one where none was ever saved."""
        campaign = get_led_campaign(self.person, slug)
        rule = RetrainingRule.objects.filter(campaign=campaign).select_related("periodic_task__crontab").first()
        return Response(serializers.RetrainingRuleSerializer(rule or RetrainingRule(campaign=campaign)).data)

    @extend_schema(request=serializers.RetrainingRuleSerializer, responses=serializers.RetrainingRuleSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Saves it."""
        user = self.person
        campaign = get_led_campaign(user, slug)
        values = self.validated(serializers.RetrainingRuleSerializer, request)
        rule = save_retraining_rule(campaign=campaign, acting_user=user, now=self.now, **values)
        return Response(serializers.RetrainingRuleSerializer(rule).data)
