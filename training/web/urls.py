"""Addresses of training's pages."""

from django.urls import path

from training.web.campaign import campaign, generation_start, policy_save, run_start
from training.web.jobs import generation_cancel, generation_resume, run_cancel, run_resume
from training.web.playground import playground
from training.web.run import run
from training.web.version import version, version_promote
from training.web.versions import serving_rollback, versions

urlpatterns = [
    path("campaigns/<slug:slug>/", campaign, name="campaign"),
    path("campaigns/<slug:slug>/generate/", generation_start, name="generation_start"),
    path("campaigns/<slug:slug>/train/", run_start, name="run_start"),
    path("campaigns/<slug:slug>/policy/", policy_save, name="policy_save"),
    path("generation/<int:pk>/cancel/", generation_cancel, name="generation_cancel"),
    path("generation/<int:pk>/resume/", generation_resume, name="generation_resume"),
    path("runs/<int:pk>/", run, name="run"),
    path("runs/<int:pk>/cancel/", run_cancel, name="run_cancel"),
    path("runs/<int:pk>/resume/", run_resume, name="run_resume"),
    path("playground/", playground, name="playground"),
    path("versions/", versions, name="versions"),
    path("versions/<slug:name>/", version, name="version"),
    path("versions/<slug:name>/promote/", version_promote, name="version_promote"),
    path("serving/rollback/", serving_rollback, name="serving_rollback"),
]
