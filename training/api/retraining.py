"""The API of automatic retraining."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.models import Scope
from training.actions.retraining import resume_retraining, save_retraining_rule
from training.api.serializers import retraining as serializers
from training.errors import NotPaused
from training.models import RetrainingRule


class RetrainingRuleView(ApiView):
    """The rule of automatic retraining of a campaign."""

    scopes = {"GET": Scope.READ, "PUT": Scope.TRAIN}

    @extend_schema(operation_id="read_retraining_rule", responses=serializers.RetrainingRuleSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get a campaign's rule of automatic retraining; a switched-off one if none was ever saved. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        rule = RetrainingRule.objects.filter(campaign=campaign).select_related("periodic_task__crontab").first()
        return Response(serializers.RetrainingRuleSerializer(rule or RetrainingRule(campaign=campaign)).data)

    @extend_schema(
        operation_id="save_retraining_rule",
        request=serializers.RetrainingRuleSerializer,
        responses=serializers.RetrainingRuleSerializer,
    )
    def put(self, request: Request, slug: str) -> Response:
        """Save a campaign's rule of automatic retraining. For its leads."""
        user = self.person
        campaign = get_led_campaign(user, slug)
        values = self.validated(serializers.RetrainingRuleSerializer, request, only=True)
        rule = save_retraining_rule(campaign=campaign, acting_user=user, now=self.now, **values)
        return Response(serializers.RetrainingRuleSerializer(rule).data)


class ResumeRetrainingView(ApiView):
    """Ending the pause of automatic retraining."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="resume_retraining_rule", request=None, responses=serializers.RetrainingRuleSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Resume automatic retraining, which a rollback paused. For leads."""
        campaign = get_led_campaign(self.person, slug)
        rule = RetrainingRule.objects.filter(campaign=campaign).select_related("campaign").first()
        if rule is None:
            raise NotPaused
        resumed = resume_retraining(rule=rule, acting_user=self.person, now=self.now)
        return Response(serializers.RetrainingRuleSerializer(resumed).data)
