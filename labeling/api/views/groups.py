"""Groups of annotators, for a campaign's leads."""

from django.contrib.postgres.aggregates import ArrayAgg
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.actions.groups import GroupingNotFound, declare_grouping, people_named, remove_grouping
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.api.serializers import groups as serializers
from labeling.models import Campaign, Grouping, Scope
from labeling.queries.groups import MOST_IN_REQUEST, grouping_figures


class GroupingsView(ApiView):
    scopes = {"GET": Scope.PEOPLE, "POST": Scope.PEOPLE}

    @extend_schema(operation_id="list_groupings", responses=serializers.GroupingSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the groupings of the annotators, newest first. For the campaign's leads."""
        rows = get_led_campaign(self.person, slug).groupings.annotate(
            names=ArrayAgg("groups__name", order_by="groups__name")
        )
        return self.paged(rows, serializers.GroupingSerializer)

    @extend_schema(
        operation_id="declare_grouping",
        request=serializers.DeclareGroupingSerializer,
        responses={201: serializers.GroupingFiguresSerializer},
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Declare groups of annotators, or replace those of the grouping with this name. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(serializers.DeclareGroupingSerializer, request)
        groups = people_named(campaign, values["groups"])
        grouping = declare_grouping(
            campaign=campaign, name=values["name"], groups=groups, acting_user=self.person, now=self.now
        )
        return Response(_shown(grouping), status=201)


class GroupingView(ApiView):
    scopes = {"GET": Scope.PEOPLE, "DELETE": Scope.PEOPLE}

    @extend_schema(operation_id="read_grouping", responses=serializers.GroupingFiguresSerializer)
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """Get a grouping with its members, and the agreement within and between its groups."""
        return Response(_shown(_grouping(get_led_campaign(self.person, slug), pk)))

    @extend_schema(operation_id="remove_grouping", responses={204: None})
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Remove a grouping. The event log keeps its groups. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        name = _grouping(campaign, pk).name
        remove_grouping(campaign=campaign, name=name, acting_user=self.person, now=self.now)
        return Response(status=204)


def _grouping(campaign: Campaign, pk: int) -> Grouping:
    found = campaign.groupings.filter(pk=pk).first()
    if found is None:
        raise GroupingNotFound
    return found


def _shown(grouping: Grouping) -> dict[str, object]:
    members: dict[str, list[str]] = {}
    rows = grouping.members.select_related("group", "person").order_by("group__name", "person__username")
    for row in rows:
        members.setdefault(row.group.name, []).append(row.person.handle)
    figures = grouping_figures(grouping, most=MOST_IN_REQUEST)
    values = {"id": grouping.pk, "name": grouping.name, "was_found": grouping.was_found, "at": grouping.at}
    whole = {**values, "members": members, "groups": figures.groups, "between": figures.between}
    return dict(serializers.GroupingFiguresSerializer(whole).data)
