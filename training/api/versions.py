"""The API of model versions and their promotion."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ApiView
from labeling.models import Scope
from labeling.queries.lists import ComparisonFilter
from training import access
from training.actions.gate import promote_through_gate
from training.actions.setting_aside import roll_back_and_set_aside
from training.api.finding import find_version
from training.api.serializers import versions as serializers
from training.queries.serving import current_deployment


def version_context() -> dict[str, Any]:
    """The context of the version serializer: which version serves."""
    deployment = current_deployment()
    return {"serving_id": deployment.version_id if deployment else None}


class VersionsView(ApiView):
    """Model versions."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_versions",
        parameters=[serializers.VersionFilter],
        responses=serializers.ModelVersionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List the model versions that you may see, newest first."""
        user = self.person
        access.require_any_lead(user)
        filters = self.asked(serializers.VersionFilter)
        versions = access.visible_versions(user).select_related("parent", "run__campaign")
        if "campaign" in filters:
            versions = versions.filter(run__campaign__slug=filters["campaign"])
        return self.paged(versions, serializers.ModelVersionSerializer, context=version_context())


class VersionView(ApiView):
    """One model version."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_version", responses=serializers.ModelVersionSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Get a model version with its lineage."""
        version = find_version(self.person, name)
        return Response(serializers.ModelVersionSerializer(version, context=version_context()).data)


class PromoteView(ApiView):
    """Promoting a version."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="promote_version",
        request=serializers.PromotionSerializer,
        responses=serializers.DeploymentSerializer,
    )
    def post(self, request: Request, name: str) -> Response:
        """Promote a version: it serves from now on and writes the next candidates.

        If the campaign's gate is not met, a reason is needed: without one the answer is 409 with the rules.
        """
        user = self.person
        values = self.validated(serializers.PromotionSerializer, request, only=True)
        deployment = promote_through_gate(
            version=find_version(user, name), acting_user=user, now=self.now, reason=values["reason"]
        )
        return Response(serializers.DeploymentSerializer(deployment).data)


class RollBackView(ApiView):
    """Rolling back a promotion."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="roll_back",
        request=serializers.RollBackSerializer,
        responses=serializers.RolledBackSerializer,
    )
    def post(self, request: Request) -> Response:
        """Roll back the last promotion: the version that served before serves again.

        Labels of its campaign can be set aside in the same step, by time, annotator and import: their comparisons
        are retired, and can be restored; a token needs the scope `campaigns` for that. A choice that cannot be right
        is refused, and nothing is rolled back.
        """
        chosen = self.validated(serializers.RollBackSerializer, request, only=True)["set_aside"]
        if chosen is not None:  # as for retiring comparisons
            self.require_scope(request, Scope.CAMPAIGNS)
        labels = None if chosen is None else ComparisonFilter(**chosen)
        done = roll_back_and_set_aside(labels=labels, acting_user=self.person, now=self.now)
        return Response(serializers.RolledBackSerializer(done.deployment, context={"done": done}).data)
