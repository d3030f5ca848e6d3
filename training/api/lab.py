"""The API of the lab."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import Scope
from training import access
from training.actions.lab import Experiment, ask_for_steps, end_lab, start_lab
from training.api.finding import find_job
from training.api.serializers import lab as serializers
from training.models import LabSession


class LabSessionsView(ApiView):
    """Experiments in the lab."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="start_experiment",
        request=serializers.LabRequestSerializer,
        responses={201: serializers.LabSessionSerializer},
    )
    @once
    def post(self, request: Request) -> Response:
        """Start an experiment. Your earlier one ends."""
        values = self.validated(serializers.LabRequestSerializer, request)
        steps = values.pop("steps")
        session = start_lab(experiment=Experiment(**values), steps=steps, acting_user=self.person, now=self.now)
        return Response(
            serializers.LabSessionSerializer(session, context={"reader": self.person}).data,
            status=status.HTTP_201_CREATED,
        )


class _OneLabSession(ApiView):
    def find(self, pk: int) -> LabSession:
        """The caller's own experiment with this number. Raises NotFound."""
        session: LabSession = find_job(
            access.own_lab_sessions(self.person).select_related("version"),
            pk,
            _("You have no experiment %(number)s."),
        )
        return session


class LabSessionView(_OneLabSession):
    """One experiment."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="read_experiment",
        parameters=[serializers.AfterSerializer],
        responses=serializers.LabSessionSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Get the state of an experiment, and its steps so far or those after a step."""
        context = {"after": self.asked(serializers.AfterSerializer).get("after", -1), "reader": self.person}
        return Response(serializers.LabSessionSerializer(self.find(pk), context=context).data)


class LabStepsView(_OneLabSession):
    """Steps of an experiment."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(
        operation_id="add_experiment_steps",
        request=serializers.StepsSerializer,
        responses=serializers.LabSessionSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add steps to an experiment."""
        steps = self.validated(serializers.StepsSerializer, request)["steps"]
        session = ask_for_steps(session=self.find(pk), steps=steps, acting_user=self.person, now=self.now)
        return Response(serializers.LabSessionSerializer(session, context={"reader": self.person}).data)


class EndLabView(_OneLabSession):
    """Ending an experiment."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="end_experiment", request=None, responses=serializers.LabSessionSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """End an experiment. Its figures are kept."""
        session = end_lab(session=self.find(pk), acting_user=self.person, now=self.now)
        return Response(serializers.LabSessionSerializer(session, context={"reader": self.person}).data)
