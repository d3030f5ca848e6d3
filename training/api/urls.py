"""The addresses of the training API, below /api/v1/."""

from django.urls import path

from training.api import (
    gates,
    generation,
    lab,
    lens,
    lineage,
    playground,
    retraining,
    runs,
    snapshots,
    suites,
    versions,
)

urlpatterns = [
    path("campaigns/<slug:slug>/generation/", generation.StartGenerationView.as_view(), name="api-start-generation"),
    path("campaigns/<slug:slug>/retraining/", retraining.RetrainingRuleView.as_view(), name="api-retraining-rule"),
    path("campaigns/<slug:slug>/retraining/resume/", retraining.ResumeRetrainingView.as_view(), name="api-resume-rule"),
    path("campaigns/<slug:slug>/gate/", gates.GateView.as_view(), name="api-gate"),
    path("gate-decisions/", gates.GateDecisionsView.as_view(), name="api-gate-decisions"),
    path("gate-decisions/<int:pk>/", gates.GateDecisionView.as_view(), name="api-gate-decision"),
    path("gate-decisions/<int:pk>/certificate/", gates.CertificateView.as_view(), name="api-gate-certificate"),
    path("campaigns/<slug:slug>/left-out/<str:name>/", lineage.LeftOutView.as_view(), name="api-left-out"),
    *(
        path(f"campaigns/<slug:slug>/{view.kind}/<int:pk>/uses/", view.as_view(), name=f"api-{view.kind}-uses")
        for view in (lineage.ComparisonUsesView, lineage.PromptUsesView, lineage.JudgmentUsesView)
    ),
    path("generation/<int:pk>/", generation.GenerationView.as_view(), name="api-generation"),
    path("generation/<int:pk>/cancel/", generation.CancelGenerationView.as_view(), name="api-cancel-generation"),
    path("generation/<int:pk>/resume/", generation.ResumeGenerationView.as_view(), name="api-resume-generation"),
    path("lens/", lens.LensJobsView.as_view(), name="api-lens-jobs"),
    path("lens/<int:pk>/", lens.LensJobView.as_view(), name="api-lens-job"),
    path("lab/", lab.LabSessionsView.as_view(), name="api-lab-sessions"),
    path("lab/<int:pk>/", lab.LabSessionView.as_view(), name="api-lab-session"),
    path("lab/<int:pk>/steps/", lab.LabStepsView.as_view(), name="api-lab-steps"),
    path("lab/<int:pk>/end/", lab.EndLabView.as_view(), name="api-end-lab"),
    path("runs/", runs.RunsView.as_view(), name="api-runs"),
    path("runs/<int:pk>/", runs.RunView.as_view(), name="api-run"),
    path("runs/<int:pk>/metrics/", runs.RunMetricsView.as_view(), name="api-run-metrics"),
    path("runs/<int:pk>/cancel/", runs.CancelRunView.as_view(), name="api-cancel-run"),
    path("runs/<int:pk>/resume/", runs.ResumeRunView.as_view(), name="api-resume-run"),
    path("campaigns/<slug:slug>/suites/", suites.SuitesView.as_view(), name="api-suites"),
    path("suites/<int:pk>/", suites.SuiteView.as_view(), name="api-suite"),
    path("suites/<int:pk>/runs/", suites.SuiteRunsView.as_view(), name="api-suite-runs"),
    path("suite-runs/<int:pk>/", suites.SuiteRunView.as_view(), name="api-suite-run"),
    path("suite-runs/<int:pk>/results/", suites.SuiteResultsView.as_view(), name="api-suite-results"),
    path("suite-runs/<int:pk>/cancel/", suites.CancelSuiteRunView.as_view(), name="api-cancel-suite-run"),
    path("suite-runs/<int:pk>/resume/", suites.ResumeSuiteRunView.as_view(), name="api-resume-suite-run"),
    path(
        "suite-runs/<int:pk>/compare/<int:other>/", suites.CompareSuiteRunsView.as_view(), name="api-compare-suite-runs"
    ),
    path("suite-runs/<int:pk>/judge/", suites.SuiteJudgeView.as_view(), name="api-suite-judge"),
    path("snapshots/", snapshots.SnapshotsView.as_view(), name="api-snapshots"),
    path("snapshots/<slug:name>/", snapshots.SnapshotView.as_view(), name="api-snapshot"),
    path("snapshots/<slug:name>/changes/", snapshots.SnapshotChangesView.as_view(), name="api-snapshot-changes"),
    path("snapshots/<slug:name>/download/", snapshots.SnapshotDownloadView.as_view(), name="api-snapshot-download"),
    path("snapshots/<slug:name>/judgments/", lineage.SnapshotJudgmentsView.as_view(), name="api-snapshot-judgments"),
    path("versions/", versions.VersionsView.as_view(), name="api-versions"),
    path("versions/<slug:name>/", versions.VersionView.as_view(), name="api-version"),
    path("versions/<slug:name>/promote/", versions.PromoteView.as_view(), name="api-promote"),
    path("versions/<slug:name>/gate/", gates.StandingView.as_view(), name="api-version-gate"),
    path("versions/<slug:name>/download/", playground.DownloadView.as_view(), name="api-version-download"),
    path("versions/<slug:name>/completion/", playground.CompletionView.as_view(), name="api-completion"),
    path("campaigns/<slug:slug>/playground/", playground.KeepView.as_view(), name="api-keep"),
    path("serving/rollback/", versions.RollBackView.as_view(), name="api-roll-back"),
]
