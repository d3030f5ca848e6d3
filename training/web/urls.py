"""Addresses of training's pages."""

from django.urls import path

from training.web.campaign import campaign, generation_start, retraining_resume, retraining_save, run_start
from training.web.compare import compare_versions
from training.web.compare_runs import compare_runs
from training.web.demo import demo_simulate
from training.web.doubt import snapshot_doubt, snapshot_doubt_cancel, snapshot_relabel
from training.web.evaluation import (
    compare_evaluations,
    evaluation,
    evaluation_cancel,
    evaluation_file,
    evaluation_resume,
)
from training.web.gates import gate, gate_certificate, gate_decision
from training.web.groups import groups, groups_change, groups_declare, groups_search
from training.web.jobs import generation_cancel, generation_resume, run_cancel, run_resume
from training.web.lab import lab, lab_end, lab_start, lab_steps
from training.web.left_out import left_out, left_out_change
from training.web.lens import lens, lens_job
from training.web.moved import retraining_moved
from training.web.new_campaign import new_campaign, new_campaign_preview
from training.web.people_gates import (
    people_gate,
    people_gate_cancel,
    people_gate_join,
    people_gate_open,
    people_gates,
    prompts_hold,
)
from training.web.playground import playground
from training.web.price import price, price_cancel, price_measure
from training.web.promote import version_measure, version_promote
from training.web.prompts import prompts_generate
from training.web.rounds import round_page, round_plan_save, rounds
from training.web.run import run
from training.web.scenario_questions import scenario_answer_undo, scenario_questions
from training.web.selection import selection, selection_cancel, selection_choose, selection_set
from training.web.snapshots import snapshot, snapshot_changes, snapshot_download, snapshots
from training.web.story import story
from training.web.suite_runs import (
    suite_choices_table,
    suite_compare,
    suite_compare_judge,
    suite_follow_up,
    suite_run,
    suite_run_cancel,
    suite_run_judge,
    suite_run_resume,
)
from training.web.suites import suite, suite_download, suite_edit, suites, suites_add
from training.web.surprises import run_relabel, run_surprises
from training.web.version import version
from training.web.versions import serving_rollback, versions

urlpatterns = [
    path("campaigns/new/", new_campaign, name="new_campaign"),
    path("new-campaign/preview/", new_campaign_preview, name="new_campaign_preview"),
    path("campaigns/<slug:slug>/", campaign, name="campaign"),
    path("campaigns/<slug:slug>/generate/", generation_start, name="generation_start"),
    path("campaigns/<slug:slug>/train/", run_start, name="run_start"),
    path("campaigns/<slug:slug>/retraining/", retraining_save, name="retraining_save"),
    path("campaigns/<slug:slug>/retraining/resume/", retraining_resume, name="retraining_resume"),
    path("campaigns/<slug:slug>/rounds/", rounds, name="rounds"),
    path("campaigns/<slug:slug>/rounds/plan/", round_plan_save, name="round_plan_save"),
    path("campaigns/<slug:slug>/groups/", groups, name="groups"),
    path("campaigns/<slug:slug>/groups/declare/", groups_declare, name="groups_declare"),
    path("campaigns/<slug:slug>/groups/change/", groups_change, name="groups_change"),
    path("campaigns/<slug:slug>/groups/search/", groups_search, name="groups_search"),
    path("campaigns/<slug:slug>/price/", price, name="price"),
    path("campaigns/<slug:slug>/price/measure/", price_measure, name="price_measure"),
    path("campaigns/<slug:slug>/price/cancel/", price_cancel, name="price_cancel"),
    path("campaigns/<slug:slug>/selection/", selection, name="selection"),
    path("campaigns/<slug:slug>/selection/set/", selection_set, name="selection_set"),
    path("campaigns/<slug:slug>/selection/choose/", selection_choose, name="selection_choose"),
    path("campaigns/<slug:slug>/selection/cancel/", selection_cancel, name="selection_cancel"),
    path("rounds/<int:pk>/", round_page, name="round"),
    path("campaigns/<slug:slug>/gate/", gate, name="gate"),
    path("gate-decisions/<int:pk>/", gate_decision, name="gate_decision"),
    path("gate-decisions/<int:pk>/certificate/", gate_certificate, name="gate_certificate"),
    path("campaigns/<slug:slug>/people-gates/", people_gates, name="people_gates"),
    path("campaigns/<slug:slug>/people-gates/hold/", prompts_hold, name="prompts_hold"),
    path("people-gates/<int:pk>/", people_gate, name="people_gate"),
    path("people-gates/<int:pk>/cancel/", people_gate_cancel, name="people_gate_cancel"),
    path("people-gates/<int:pk>/join/", people_gate_join, name="people_gate_join"),
    path("campaigns/<slug:slug>/simulate/", demo_simulate, name="demo_simulate"),
    path("campaigns/<slug:slug>/policy/", retraining_moved, name="retraining_moved"),
    path("campaigns/<slug:slug>/prompts/generate/", prompts_generate, name="prompts_generate"),
    path("campaigns/<slug:slug>/snapshots/", snapshots, name="snapshots"),
    path("campaigns/<slug:slug>/people/<str:name>/training/", left_out, name="left_out"),
    path("campaigns/<slug:slug>/people/<str:name>/training/change/", left_out_change, name="left_out_change"),
    path("campaigns/<slug:slug>/suites/", suites, name="suites"),
    path("campaigns/<slug:slug>/suites/add/", suites_add, name="suites_add"),
    path("campaigns/<slug:slug>/scenario-questions/", scenario_questions, name="scenario_questions"),
    path("campaigns/<slug:slug>/scenario-questions/undo/", scenario_answer_undo, name="scenario_answer_undo"),
    path("suites/<int:pk>/", suite, name="suite"),
    path("suites/<int:pk>/edit/", suite_edit, name="suite_edit"),
    path("suites/<int:pk>/download/", suite_download, name="suite_download"),
    path("suite-runs/<int:pk>/", suite_run, name="suite_run"),
    path("suite-runs/<int:pk>/cancel/", suite_run_cancel, name="suite_run_cancel"),
    path("suite-runs/<int:pk>/judge/", suite_run_judge, name="suite_run_judge"),
    path("suite-runs/<int:pk>/resume/", suite_run_resume, name="suite_run_resume"),
    path("suite-runs/<int:pk>/compare/<int:other>/", suite_compare, name="suite_compare"),
    path("suite-runs/<int:pk>/compare/<int:other>/choices.csv", suite_choices_table, name="suite_choices_table"),
    path("suite-runs/<int:pk>/compare/<int:other>/judge/", suite_compare_judge, name="suite_compare_judge"),
    path("suite-runs/<int:pk>/compare/<int:other>/continue/", suite_follow_up, name="suite_follow_up"),
    path("snapshots/<int:pk>/", snapshot, name="snapshot"),
    path("snapshots/<int:pk>/doubt/", snapshot_doubt, name="snapshot_doubt"),
    path("snapshots/<int:pk>/doubt/cancel/", snapshot_doubt_cancel, name="snapshot_doubt_cancel"),
    path("snapshots/<int:pk>/doubt/relabel/", snapshot_relabel, name="snapshot_relabel"),
    path("snapshots/<int:pk>/changes/", snapshot_changes, name="snapshot_changes"),
    path("snapshots/<int:pk>/download/", snapshot_download, name="snapshot_download"),
    path("generation/<int:pk>/cancel/", generation_cancel, name="generation_cancel"),
    path("generation/<int:pk>/resume/", generation_resume, name="generation_resume"),
    path("runs/compare/", compare_runs, name="compare_runs"),
    path("runs/<int:pk>/", run, name="run"),
    path("runs/<int:pk>/cancel/", run_cancel, name="run_cancel"),
    path("runs/<int:pk>/resume/", run_resume, name="run_resume"),
    path("evaluations/compare/", compare_evaluations, name="compare_evaluations"),
    path("evaluations/<int:pk>/", evaluation, name="evaluation"),
    path("evaluations/<int:pk>/file/", evaluation_file, name="evaluation_file"),
    path("evaluations/<int:pk>/cancel/", evaluation_cancel, name="evaluation_cancel"),
    path("evaluations/<int:pk>/resume/", evaluation_resume, name="evaluation_resume"),
    path("playground/", playground, name="playground"),
    path("runs/<int:pk>/surprises/", run_surprises, name="run_surprises"),
    path("runs/<int:pk>/relabel/", run_relabel, name="run_relabel"),
    path("lens/", lens, name="lens"),
    path("story/", story, name="story"),
    path("lab/", lab, name="lab"),
    path("lab/start/", lab_start, name="lab_start"),
    path("lab/<int:pk>/steps/", lab_steps, name="lab_steps"),
    path("lab/<int:pk>/end/", lab_end, name="lab_end"),
    path("lens/<int:pk>/", lens_job, name="lens_job"),
    path("versions/", versions, name="versions"),
    path("versions/compare/", compare_versions, name="compare_versions"),
    path("versions/<slug:name>/", version, name="version"),
    path("versions/<slug:name>/promote/", version_promote, name="version_promote"),
    path("versions/<slug:name>/people-gate/", people_gate_open, name="people_gate_open"),
    path("versions/<slug:name>/measure/", version_measure, name="version_measure"),
    path("serving/rollback/", serving_rollback, name="serving_rollback"),
]
