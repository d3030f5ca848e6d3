"""The checklist of a young campaign: what is there, what comes next, and where to do it."""

from dataclasses import dataclass

from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.wording import grouped
from labeling.models import Campaign, Membership
from labeling.queries.progress import CampaignProgress
from training.models import JobStatus, Run
from training.queries.overview import TrainingOverview
from training.web.training_advice import TrainingAdvice

DONE, BEGUN, NEXT, LATER = "done", "begun", "next", "later"


@dataclass(frozen=True, slots=True)
class Task:
    """One line. title: the act. fact: what is there so far.

    state: done; begun, and far enough for the tasks after it; next, the first that is neither; or later.
    """

    name: str
    title: str | Promise
    fact: str
    url: str
    state: str


def checklist(
    campaign: Campaign, progress: CampaignProgress, overview: TrainingOverview, advice: TrainingAdvice
) -> list[Task]:
    """The tasks in their order; empty once all of them are done, for then the loop itself says what comes next.

    Training is next once nothing waits for a judgment, or once a run can show something.
    """
    version = campaign.guideline_versions.order_by("-number").values_list("number", flat=True).first()
    people = campaign.memberships.exclude(role=Membership.Role.LEAD).exclude(user__is_simulated=True).count()
    is_writing = overview.generation is not None and overview.generation.is_active
    page = reverse("campaign", args=[campaign.slug])
    is_trained = Run.objects.filter(campaign=campaign, status=JobStatus.FINISHED).exists()
    tasks = [
        ("guidelines", _("Write the guidelines"), _version(version), "guidelines", _done(version is not None)),
        ("data", _("Import prompts or comparisons"), _data(progress), "data", _done(bool(progress.prompts))),
        (
            "pairs",
            _("Generate pairs"),
            _("Pairs are being written.") if is_writing else _pairs(progress),
            f"{page}#generate-title",
            BEGUN if is_writing else _done(bool(progress.comparisons)),
        ),
        ("people", _("Invite people"), _people(people, _is_inviting(campaign)), "people", _done(people > 0)),
        (
            "start",
            _("Start labeling"),
            str(campaign.get_status_display()),
            f"{page}#label-title",
            _done(campaign.status != Campaign.Status.DRAFT),
        ),
        (
            "judge",
            _("Judge the comparisons"),
            _settled(progress),
            f"{page}#label-title",
            _judging(progress, advice.is_recommended),
        ),
        ("train", _("Train a version"), _training(advice), f"{page}#train-title", _done(is_trained)),
    ]
    following = next((name for name, _title, _fact, _url, state in tasks if state == LATER), None)
    if following is None or (is_trained and following == "judge"):
        return []
    return [
        Task(
            name,
            title,
            fact,
            url if "#" in url else reverse(url, args=[campaign.slug]),
            NEXT if name == following else state,
        )
        for name, title, fact, url, state in tasks
    ]


def _done(is_done: bool) -> str:
    return DONE if is_done else LATER


def _judging(progress: CampaignProgress, is_enough: bool) -> str:
    """Done once nothing waits for a judgment; before that, begun when a run can show something."""
    if progress.settled and not progress.open and not progress.conflicts:
        return DONE
    return BEGUN if is_enough else LATER


def _training(advice: TrainingAdvice) -> str:
    if not advice.more:
        return ""
    text = ngettext(
        "its figure means something with about %(count)s more pair",
        "its figure means something with about %(count)s more pairs",
        advice.more,
    )
    return text % {"count": grouped(advice.more)}


def _version(number: int | None) -> str:
    return _("Version %(number)s") % {"number": number} if number else _("none yet")


def _data(progress: CampaignProgress) -> str:
    if not progress.prompts:
        return _("none yet")
    text = ngettext("%(count)s prompt", "%(count)s prompts", progress.prompts)
    return text % {"count": grouped(progress.prompts)}


def _pairs(progress: CampaignProgress) -> str:
    if not progress.comparisons:
        return _("none yet")
    text = ngettext("%(count)s comparison", "%(count)s comparisons", progress.comparisons)
    return text % {"count": grouped(progress.comparisons)}


def _is_inviting(campaign: Campaign) -> bool:
    """Whether somebody may still join by a link."""
    links = campaign.invitations.filter(revoked_at=None, expires_at__gt=timezone.now())
    return links.exclude(max_uses__lte=F("uses")).exists()


def _people(count: int, is_inviting: bool) -> str:
    if not count:
        return _("invited; nobody has joined yet") if is_inviting else _("only leads so far")
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": grouped(count)}


def _settled(progress: CampaignProgress) -> str:
    if not progress.settled:
        return ""
    return _("%(settled)s of %(count)s settled") % {
        "settled": grouped(progress.settled),
        "count": grouped(progress.comparisons),
    }
