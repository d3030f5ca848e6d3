"""The API of model versions and their promotion."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ApiView
from labeling.models import Scope
from training import access
from training.actions.versions import promote, roll_back
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

    @extend_schema(parameters=[serializers.VersionFilter], responses=serializers.ModelVersionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Lists those that you may see, newest first."""
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

    @extend_schema(responses=serializers.ModelVersionSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Returns the version with its lineage."""
        version = find_version(self.person, name)
        return Response(serializers.ModelVersionSerializer(version, context=version_context()).data)


class PromoteView(ApiView):
    """Promoting a version."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(request=None, responses=serializers.DeploymentSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Makes the version serve: it writes the next candidates."""
        user = self.person
        deployment = promote(version=find_version(user, name), acting_user=user, now=self.now)
        return Response(serializers.DeploymentSerializer(deployment).data)


class RollBackView(ApiView):
    """Rolling back a promotion."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(request=None, responses=serializers.DeploymentSerializer)
    def post(self, request: Request) -> Response:
        """Returns to the version that served before."""
        deployment = roll_back(acting_user=self.person, now=self.now)
        return Response(serializers.DeploymentSerializer(deployment).data)
