"""The addresses of the training API, below /api/v1/."""

from django.urls import path

from training.api import lab, lens, playground, views

urlpatterns = [
    path("campaigns/<slug:slug>/generation/", views.StartGenerationView.as_view(), name="api-start-generation"),
    path("campaigns/<slug:slug>/retraining/", views.RetrainingRuleView.as_view(), name="api-retraining-rule"),
    path("generation/<int:pk>/", views.GenerationView.as_view(), name="api-generation"),
    path("generation/<int:pk>/cancel/", views.CancelGenerationView.as_view(), name="api-cancel-generation"),
    path("generation/<int:pk>/resume/", views.ResumeGenerationView.as_view(), name="api-resume-generation"),
    path("lens/", lens.LensJobsView.as_view(), name="api-lens-jobs"),
    path("lens/<int:pk>/", lens.LensJobView.as_view(), name="api-lens-job"),
    path("lab/", lab.LabSessionsView.as_view(), name="api-lab-sessions"),
    path("lab/<int:pk>/", lab.LabSessionView.as_view(), name="api-lab-session"),
    path("lab/<int:pk>/steps/", lab.LabStepsView.as_view(), name="api-lab-steps"),
    path("lab/<int:pk>/end/", lab.EndLabView.as_view(), name="api-end-lab"),
    path("runs/", views.RunsView.as_view(), name="api-runs"),
    path("runs/<int:pk>/", views.RunView.as_view(), name="api-run"),
    path("runs/<int:pk>/metrics/", views.RunMetricsView.as_view(), name="api-run-metrics"),
    path("runs/<int:pk>/cancel/", views.CancelRunView.as_view(), name="api-cancel-run"),
    path("runs/<int:pk>/resume/", views.ResumeRunView.as_view(), name="api-resume-run"),
    path("versions/", views.VersionsView.as_view(), name="api-versions"),
    path("versions/<slug:name>/", views.VersionView.as_view(), name="api-version"),
    path("versions/<slug:name>/promote/", views.PromoteView.as_view(), name="api-promote"),
    path("versions/<slug:name>/download/", playground.DownloadView.as_view(), name="api-version-download"),
    path("versions/<slug:name>/completion/", playground.CompletionView.as_view(), name="api-completion"),
    path("campaigns/<slug:slug>/playground/", playground.KeepView.as_view(), name="api-keep"),
    path("serving/rollback/", views.RollBackView.as_view(), name="api-roll-back"),
]
