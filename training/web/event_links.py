"""The pages of training's things, for the event log: as in `labeling.web.event_links`."""

from collections.abc import Mapping

from django.urls import reverse

from labeling.models import Event
from labeling.web.event_links import Link, campaign_page
from training.models import BlameJob, GateDecision, ModelVersion


def _version(event: Event) -> str:
    version = ModelVersion.objects.filter(pk=event.subject_id).only("name").first()
    return reverse("version", args=[version.name]) if version else ""


def _search(event: Event) -> str:
    search = BlameJob.objects.filter(pk=event.subject_id).only("snapshot_id").first()
    return reverse("snapshot_doubt", args=[search.snapshot_id]) if search else ""


def _decision(event: Event) -> str:
    """Empty in the log of another campaign, whose leads may not see this one's decisions."""
    decision = GateDecision.objects.filter(pk=event.subject_id, gate__campaign=event.campaign_id).exists()
    return reverse("gate_decision", args=[event.subject_id]) if decision else ""


LINKS: Mapping[str, Link] = {
    "blamejob": _search,
    "deployment": lambda event: reverse("versions"),
    "evaluationjob": lambda event: reverse("evaluation", args=[event.subject_id]),
    "gate": campaign_page("gate"),
    "gatedecision": _decision,
    "generationjob": campaign_page("campaign"),
    "grouping": campaign_page("groups"),
    "groupjob": campaign_page("groups"),
    "heldprompts": campaign_page("people_gates"),
    "lensjob": lambda event: reverse("lens_job", args=[event.subject_id]),
    "modelversion": _version,
    "peoplegate": lambda event: reverse("people_gate", args=[event.subject_id]),
    "retrainingrule": campaign_page("campaign"),
    "round": lambda event: reverse("round", args=[event.subject_id]),
    "roundplan": campaign_page("rounds"),
    "run": lambda event: reverse("run", args=[event.subject_id]),
    "scenarioanswer": lambda event: reverse("suites", args=[event.campaign.slug]) if event.campaign else "",
    "selectionjob": campaign_page("selection"),
    "selectiontrial": campaign_page("selection"),
    "trialarm": campaign_page("selection"),
    "suite": lambda event: reverse("suite", args=[event.subject_id]),
    "suiterun": lambda event: reverse("suite_run", args=[event.subject_id]),
    "snapshot": lambda event: reverse("snapshot", args=[event.subject_id]),
}
