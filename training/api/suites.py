"""The API of suites: making and changing them, running versions on them, and comparing runs."""

import json
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import Scope
from training import access
from training.actions.suite_follow_ups import compare_by_people
from training.actions.suite_runs import Choosing, ask_judge, cancel_suite_run, resume_suite_run, start_suite_run
from training.actions.suites import create_suite, save_suite, scenarios_from
from training.api.finding import find_job, find_version
from training.api.serializers import suites as serializers
from training.evaluation.pair_judges import judged_between
from training.evaluation.suite_results import checked_comparison, judge_figures_of, require_comparable, suites_of
from training.evaluation.suites import Scenario
from training.models import Suite, SuiteRun


def _scenarios(given: list[dict[str, Any]]) -> list[Scenario]:
    """The scenarios of a request; a refusal names each by its place as a line."""
    return scenarios_from("\n".join(json.dumps(one) for one in given))


class SuitesView(ApiView):
    """The suites of a campaign."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(operation_id="list_suites", responses=serializers.SuiteSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the suites of a campaign. For its leads."""
        rows = suites_of(get_led_campaign(self.person, slug)).select_related("campaign")
        return self.paged(rows.order_by("-pk"), serializers.SuiteSerializer)

    @extend_schema(
        operation_id="create_suite",
        request=serializers.SuiteRequestSerializer,
        responses={201: serializers.SuiteSerializer},
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Make a suite. A refusal names every line or scenario that is wrong."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(serializers.SuiteRequestSerializer, request)
        if "file" in values:
            scenarios = scenarios_from(values["file"], values["format"])
        else:
            scenarios = _scenarios(values.get("scenarios", []))
        suite = create_suite(
            campaign=campaign, name=values["name"], scenarios=scenarios, acting_user=self.person, now=self.now
        )
        return Response(serializers.SuiteSerializer(suite).data, status=status.HTTP_201_CREATED)


class _OneSuite(ApiView):
    def find(self, pk: int) -> Suite:
        suites = access.visible_suites(self.person).select_related("campaign")
        suite: Suite = find_job(suites, pk, _("There is no suite %(number)s among those you may see."))
        return suite


class SuiteView(_OneSuite):
    """One suite."""

    scopes = {"GET": Scope.READ, "PUT": Scope.TRAIN}

    @extend_schema(operation_id="read_suite", responses=serializers.WholeSuiteSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get a suite with its scenarios."""
        return Response(serializers.WholeSuiteSerializer(self.find(pk)).data)

    @extend_schema(
        operation_id="save_suite",
        request=serializers.SuiteChangeSerializer,
        responses=serializers.SuiteSerializer,
    )
    def put(self, request: Request, pk: int) -> Response:
        """Change the scenarios: this makes the suite's next version."""
        suite = self.find(pk)
        values = self.validated(serializers.SuiteChangeSerializer, request)
        save_suite(
            suite=suite,
            scenarios=_scenarios(values["scenarios"]),
            before_gate=values.get("before_gate"),
            acting_user=self.person,
            now=self.now,
        )
        return Response(serializers.SuiteSerializer(self.find(pk)).data)


class SuiteRunsView(_OneSuite):
    """The runs of a suite."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(operation_id="list_suite_runs", responses=serializers.SuiteRunSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List the runs of a suite, newest first."""
        runs = _runs(self.person).filter(suite_version__suite=self.find(pk)).order_by("-pk")
        return self.paged(runs, serializers.SuiteRunSerializer)

    @extend_schema(
        operation_id="start_suite_run",
        request=serializers.SuiteRunRequestSerializer,
        responses={201: serializers.SuiteRunSerializer},
    )
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Run a version on the suite."""
        suite = self.find(pk)
        values = self.validated(serializers.SuiteRunRequestSerializer, request, only=True)
        run = start_suite_run(
            suite_version=suite.current,
            version=find_version(self.person, values["version"]),
            settings=values.get("settings"),
            seed=values["seed"],
            acting_user=self.person,
            now=self.now,
        )
        return self.shown(run, status.HTTP_201_CREATED)

    def shown(self, run: SuiteRun, code: int = status.HTTP_200_OK) -> Response:
        data = serializers.SuiteRunSerializer(run, context={"reader": self.person}).data
        return Response(data, status=code)


class _OneRun(ApiView):
    def find(self, pk: int) -> SuiteRun:
        run: SuiteRun = find_job(_runs(self.person), pk, _("There is no suite run %(number)s among those you may see."))
        return run

    def shown(self, run: SuiteRun) -> Response:
        return Response(serializers.SuiteRunSerializer(run, context={"reader": self.person}).data)


def _runs(user: Any) -> QuerySet[SuiteRun]:
    return access.visible_suite_runs(user).select_related("campaign", "version", "suite_version__suite")


class SuiteRunView(_OneRun):
    """One run."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_suite_run", responses=serializers.SuiteRunSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get the state and the figures of a run."""
        return self.shown(self.find(pk))


class SuiteResultsView(_OneRun):
    """The answers of a run."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_suite_results", responses=serializers.ScenarioResultSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List the answers of a run with their checks, in the suite's order."""
        results = self.find(pk).results.select_related("run__suite_version", "run__campaign")
        return self.paged(
            results.prefetch_related("answers").defer("completion"),
            serializers.ScenarioResultSerializer,
            order=("number", "pk"),
        )


class CancelSuiteRunView(_OneRun):
    """Cancelling a run."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="cancel_suite_run", request=None, responses=serializers.SuiteRunSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel a run. Its answers so far are kept."""
        return self.shown(cancel_suite_run(run=self.find(pk), acting_user=self.person, now=self.now))


class ResumeSuiteRunView(_OneRun):
    """Resuming a run."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="resume_suite_run", request=None, responses=serializers.SuiteRunSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Resume a failed or cancelled run."""
        return self.shown(resume_suite_run(run=self.find(pk), acting_user=self.person, now=self.now))


class SuiteJudgeView(_OneRun):
    """The model judge."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(operation_id="read_suite_judge", responses=serializers.JudgeSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get the model judge's flip rate in the run's campaign, and its agreement with people."""
        return Response(serializers.JudgeSerializer(judge_figures_of(self.find(pk).campaign)).data)

    @extend_schema(
        operation_id="ask_suite_judge",
        request=serializers.AskJudgeSerializer,
        responses=serializers.SuiteRunSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Have a judge asked what it has no opinion on: about rubrics, or which of two runs' answers are better."""
        values = self.validated(serializers.AskJudgeSerializer, request, only=True)
        choosing = None
        if "against" in values:
            version = find_version(self.person, values["reward"]) if "reward" in values else None
            choosing = Choosing(self.find(values["against"]), version, values["reward_model"])
        return self.shown(ask_judge(run=self.find(pk), acting_user=self.person, now=self.now, choosing=choosing))


class SuiteChoicesView(_OneRun):
    """The choices of judges between two runs."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_suite_choices", responses=serializers.ScenarioChoicesSerializer(many=True))
    def get(self, request: Request, pk: int, other: int) -> Response:
        """List which answers judges chose, by scenario, in the suite's order. A judge is no person."""
        before, after = self.find(other), self.find(pk)
        require_comparable(before, after)
        return self.paged(judged_between(before, after), serializers.ScenarioChoicesSerializer, order=("number", "pk"))


class CompareSuiteRunsView(_OneRun):
    """Two runs of a suite."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(
        operation_id="compare_suite_runs",
        responses=serializers.ChangesSerializer,
    )
    def get(self, request: Request, pk: int, other: int) -> Response:
        """Get the scenarios that were lost and won from another run to this one."""
        comparison = checked_comparison(self.find(other), self.find(pk))
        return Response(serializers.ChangesSerializer(serializers.changes_values(comparison)).data)

    @extend_schema(
        operation_id="compare_suite_answers",
        request=serializers.FollowUpSerializer,
        responses=serializers.AddedSerializer,
    )
    def post(self, request: Request, pk: int, other: int) -> Response:
        """Add both answers to each of some scenarios to the campaign as comparisons for people."""
        values = self.validated(serializers.FollowUpSerializer, request)
        added = compare_by_people(
            before=self.find(other),
            after=self.find(pk),
            scenarios=values["scenarios"],
            acting_user=self.person,
            now=self.now,
        )
        return Response({"created": added.created, "duplicates": added.duplicates})
