"""The API of lineage: from labels to snapshots and versions, and the retraining that leaves a person out."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.api.pages import Pages
from labeling.api.serializers.records import RecordedJudgmentSerializer
from labeling.models import Campaign, Comparison, Judgment, Prompt, Scope, User
from labeling.queries.annotator import annotator_of
from training.access import find_snapshot
from training.actions.leaving_out import (
    changes_without,
    learned_from,
    newest_of_all,
    retrain_without,
    take_in,
    untouched_parent,
)
from training.api.serializers import lineage as serializers
from training.api.serializers.runs import RunSerializer
from training.api.serializers.snapshots import OfCampaignSerializer
from training.models import LeftOut, Snapshot
from training.queries.lineage import judgments_behind, snapshots_with, uses_in

PSEUDONYM = OpenApiParameter("name", str, OpenApiParameter.PATH, description="Pseudonym or user name.")


class UsesView(ApiView):
    """Where labels were used. kind: the rows."""

    scopes = {"GET": Scope.READ}
    kind = ""

    def uses(self, slug: str, pk: int) -> Response:
        """One page of the snapshots and versions that used the row, newest first."""
        campaign = get_led_campaign(self.person, slug)
        row = _row(campaign, self.kind, pk)
        counts, pages = snapshots_with(row), Pages(("-pk",))
        page = pages.paginate_queryset(Snapshot.objects.filter(pk__in=counts), self.request, view=self)
        return pages.get_paginated_response(serializers.UseSerializer(uses_in(row, page or [], counts), many=True).data)


class ComparisonUsesView(UsesView):
    kind = "comparisons"

    @extend_schema(operation_id="list_comparison_uses", responses=serializers.UseSerializer(many=True))
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """List the snapshots and versions that used a comparison, newest first."""
        return self.uses(slug, pk)


class PromptUsesView(UsesView):
    kind = "prompts"

    @extend_schema(operation_id="list_prompt_uses", responses=serializers.UseSerializer(many=True))
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """List the snapshots and versions that used a prompt, newest first."""
        return self.uses(slug, pk)


class JudgmentUsesView(UsesView):
    kind = "judgments"

    @extend_schema(operation_id="list_judgment_uses", responses=serializers.UseSerializer(many=True))
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """List the snapshots and versions that used a judgment, newest first."""
        return self.uses(slug, pk)


class SnapshotJudgmentsView(ApiView):
    """The judgments behind a snapshot."""

    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_snapshot_judgments",
        parameters=[OfCampaignSerializer],
        responses=RecordedJudgmentSerializer(many=True),
    )
    def get(self, request: Request, name: str) -> Response:
        """List the judgments behind a snapshot's pairs, by pseudonym, newest first."""
        rows = judgments_behind(find_snapshot(self.person, name, **self.asked(OfCampaignSerializer)))
        return self.paged(rows.select_related("annotator", "guideline_version"), RecordedJudgmentSerializer)


class LeftOutView(ApiView):
    """One annotator in training."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN, "DELETE": Scope.TRAIN}

    @extend_schema(
        operation_id="get_left_out",
        parameters=[PSEUDONYM, serializers.LeftOutOptions],
        responses=serializers.LeftOutPersonSerializer,
    )
    def get(self, request: Request, slug: str, name: str) -> Response:
        """Get what learned from an annotator's judgments, and the difference that leaving them out makes."""
        campaign, user = self._annotator(slug, name)
        learned, changes, parent = learned_from(campaign, user), None, None
        if learned:
            parent = untouched_parent(user).name
            newest = newest_of_all(learned)
            if newest and self.asked(serializers.LeftOutOptions)["compare"]:
                found = changes_without(campaign, user, newest)
                changes = {"same": found.same, **found.counts}
        values = {
            "annotator": user.pseudonym,
            "is_left_out": LeftOut.objects.filter(campaign=campaign, person=user).exists(),
            "learned": [
                {"snapshot": one.snapshot.content_hash, "comparisons": one.comparisons, "versions": one.versions}
                for one in learned
            ],
            "parent": parent,
            "changes": changes,
        }
        return Response(serializers.LeftOutPersonSerializer(values).data)

    @extend_schema(operation_id="retrain_without", parameters=[PSEUDONYM], request=None, responses={201: RunSerializer})
    @once
    def post(self, request: Request, slug: str, name: str) -> Response:
        """Leave an annotator's judgments out of training from now on, and start a run without them."""
        campaign, user = self._annotator(slug, name)
        run = retrain_without(campaign=campaign, person=user, acting_user=self.person, now=self.now)
        data = RunSerializer(run, context={"reader": self.person}).data
        return Response(data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="take_in", parameters=[PSEUDONYM], responses={204: None})
    def delete(self, request: Request, slug: str, name: str) -> Response:
        """Use an annotator's judgments in the next snapshots again."""
        campaign, user = self._annotator(slug, name)
        take_in(campaign=campaign, person=user, acting_user=self.person, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _annotator(self, slug: str, name: str) -> tuple[Campaign, User]:
        campaign = get_led_campaign(self.person, slug)
        user = annotator_of(campaign, name)
        if user is None:
            raise Http404
        return campaign, user


def _row(campaign: Campaign, kind: str, pk: int) -> Comparison | Prompt | Judgment:
    if kind == "prompts":
        return get_object_or_404(campaign.prompts, pk=pk)
    if kind == "comparisons":
        return get_object_or_404(campaign.comparisons.select_related("prompt"), pk=pk)
    return get_object_or_404(campaign.judgments.select_related("comparison__prompt", "annotator"), pk=pk)
