"""The API of gates: a campaign's rules, how a version stands before them, and decisions with their certificates."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.models import Scope
from training import access
from training.actions.evaluation import start_evaluation
from training.actions.gate import save_gate
from training.api.finding import find_version
from training.api.serializers import gates as serializers
from training.errors import NotFromARun
from training.models import GateDecision
from training.queries.gates import current_gate, standing


class GateView(ApiView):
    """The gate of a campaign."""

    scopes = {"GET": Scope.READ, "PUT": Scope.TRAIN}

    @extend_schema(operation_id="read_gate", responses=serializers.GateSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get the rules that a version of the campaign must meet. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        return Response(serializers.GateSerializer(current_gate(campaign)).data)

    @extend_schema(operation_id="save_gate", request=serializers.GateSerializer, responses=serializers.GateSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Change the rules: this makes the gate with the next number. For leads."""
        user = self.person
        campaign = get_led_campaign(user, slug)
        rules = self.validated(serializers.GateSerializer, request, only=True)["rules"]
        gate = save_gate(campaign=campaign, rules=rules, acting_user=user, now=self.now)
        return Response(serializers.GateSerializer(gate).data)


class StandingView(ApiView):
    """How a version stands before its campaign's gate."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(operation_id="read_version_gate", responses=serializers.GateStandingSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Get each rule's result for a version, by what was measured last."""
        stands = standing(find_version(self.person, name))
        if stands is None:
            raise NotFromARun(name=name)
        return Response(serializers.GateStandingSerializer(serializers.standing_values(stands)).data)

    @extend_schema(operation_id="measure_version", request=None, responses={202: None})
    def post(self, request: Request, name: str) -> Response:
        """Have a worker evaluate a version: its figures are what the gate reads."""
        start_evaluation(version=find_version(self.person, name), acting_user=self.person, now=self.now)
        return Response(status=202)


class GateDecisionsView(ApiView):
    """Decisions of the gates of the campaigns that you lead."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_gate_decisions",
        parameters=[serializers.DecisionFilter],
        responses=serializers.GateDecisionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List decisions, newest first."""
        filters = self.asked(serializers.DecisionFilter)
        decisions = _decisions(self.person)
        if "campaign" in filters:
            decisions = decisions.filter(gate__campaign__slug=filters["campaign"])
        if "version" in filters:
            decisions = decisions.filter(version__name=filters["version"])
        return self.paged(decisions, serializers.GateDecisionSerializer)


class GateDecisionView(ApiView):
    """One decision."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_gate_decision", responses=serializers.GateDecisionSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get a decision with its figures and each rule's result."""
        return Response(serializers.GateDecisionSerializer(_decision(self.person, pk)).data)


class CertificateView(ApiView):
    """A decision's certificate."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_gate_certificate", responses=serializers.CertificateSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get a decision's certificate: `manage.py certificate verify` checks such a file."""
        decision = _decision(self.person, pk)
        if not decision.certificate_hash:
            raise Http404
        return Response(
            {"certificate": decision.certificate(), "decision": decision.pk, "sha256": decision.certificate_hash}
        )


def _decisions(user: Any) -> QuerySet[GateDecision]:
    return access.visible_decisions(user).select_related("gate__campaign", "run__snapshot", "version", "by")


def _decision(user: Any, pk: int) -> GateDecision:
    decision = _decisions(user).filter(pk=pk).first()
    if decision is None:
        raise Http404
    return decision
