"""The API of groups of annotators: searches, versions and win rates. Declaring them: `labeling.api.views.groups`."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.actions.groups import GroupingNotFound
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import AnnotatorGroup, Campaign, Grouping, Scope
from training.actions.group_versions import start_group_measurement, start_group_run
from training.actions.groups import cancel_group_job, declare_found, start_group_search
from training.api.serializers import groups as serializers
from training.api.serializers.runs import RunSerializer
from training.models import GroupJob
from training.queries.group_page import grouping_shown


class GroupJobsView(ApiView):
    """The jobs about the groups of a campaign."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(operation_id="list_group_jobs", responses=serializers.GroupJobSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List searches for groups and measurements, newest first. For leads."""
        rows = get_led_campaign(self.person, slug).group_jobs.select_related("campaign")
        return self.paged(rows, serializers.GroupJobSerializer, context={"reader": self.person})

    @extend_schema(
        operation_id="start_group_job",
        request=serializers.GroupJobRequestSerializer,
        responses={201: serializers.GroupJobSerializer},
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Have a worker look for groups in the votes, or measure the versions of a grouping. For leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(serializers.GroupJobRequestSerializer, request)
        if values["kind"] == GroupJob.Kind.MEASUREMENT:
            grouping = _grouping(campaign, name=values.get("grouping", ""))
            job = start_group_measurement(grouping=grouping, acting_user=self.person, now=self.now)
        else:
            job = start_group_search(campaign=campaign, acting_user=self.person, now=self.now)
        shown = serializers.GroupJobSerializer(job, context={"reader": self.person}).data
        return Response(shown, status=status.HTTP_201_CREATED)


class CancelGroupJobView(ApiView):
    """Cancelling a job about groups."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="cancel_group_job", request=None, responses=serializers.GroupJobSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Cancel the campaign's active search or measurement. For leads."""
        campaign = get_led_campaign(self.person, slug)
        job = cancel_group_job(campaign=campaign, acting_user=self.person, now=self.now)
        return Response(serializers.GroupJobSerializer(job, context={"reader": self.person}).data)


class DeclareFoundView(ApiView):
    """Declaring the groups that a search found."""

    scopes = {"POST": Scope.PEOPLE}

    @extend_schema(
        operation_id="declare_found_groups", request=serializers.DeclareFoundSerializer, responses={204: None}
    )
    def post(self, request: Request, slug: str) -> Response:
        """Declare the groups of the newest search as a grouping. For leads."""
        campaign = get_led_campaign(self.person, slug)
        name = self.validated(serializers.DeclareFoundSerializer, request)["name"]
        declare_found(campaign=campaign, name=name, acting_user=self.person, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class GroupVersionsView(ApiView):
    """The versions of a grouping's groups."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_group_versions", responses=serializers.GroupVersionsSerializer)
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """Get each group's version, the table of versions by groups, and the win rates in each group. For leads."""
        shown = grouping_shown(_grouping(get_led_campaign(self.person, slug), pk=pk))
        table = shown.table
        rows = table.rows if table else []
        values = {
            "versions": {one.group: one.version.name for one in shown.versions},
            "table": [
                {"version": row.version, "own": row.own, "accuracy": dict(zip(table.groups, row.cells, strict=True))}
                for row in rows
                if table
            ],
            "worst_one": table.worst_one if table else None,
            "worst_each": table.worst_each if table else None,
            "left_out": table.left_out if table else None,
            "win_rates": [
                {
                    "candidate": one.gate.candidate.name,
                    "serving": one.gate.serving.name,
                    **{name: getattr(rate, name) for name in ("group", "people", "win_rate")},
                }
                for one in shown.gates
                for rate in one.rates
            ],
        }
        return Response(serializers.GroupVersionsSerializer(values).data)


class GroupRunView(ApiView):
    """The run of a group."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="start_group_run", request=None, responses={201: RunSerializer})
    @once
    def post(self, request: Request, slug: str, pk: int, group: str) -> Response:
        """Start a run on the votes of one group, from the base of the serving version. For leads."""
        grouping = _grouping(get_led_campaign(self.person, slug), pk=pk)
        found = AnnotatorGroup.objects.filter(grouping=grouping, name=group).select_related("grouping__campaign")
        one = found.first()
        if one is None:
            raise GroupingNotFound
        run = start_group_run(group=one, acting_user=self.person, now=self.now)
        return Response(RunSerializer(run, context={"reader": self.person}).data, status=status.HTTP_201_CREATED)


def _grouping(campaign: Campaign, **which: int | str) -> Grouping:
    found = campaign.groupings.filter(**which).select_related("campaign").first()
    if found is None:
        raise GroupingNotFound
    return found
