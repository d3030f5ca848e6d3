"""Suites of a campaign: making one, changing its scenarios (which makes its next version), and adding a shipped one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.errors import ChangedMeanwhile
from common.stamps import changed_since
from labeling.access import require_may_change
from labeling.actions.validation import checked
from labeling.events.record import record
from labeling.models import Campaign, User
from training.errors import SuiteExists, WrongSuiteFile
from training.evaluation.suites import (
    SHIPPED,
    Problem,
    Scenario,
    WrongSuite,
    read_suite,
    read_yaml_suite,
    shipped_suite,
    suite_hash,
)
from training.models import Suite, SuiteVersion

SHIPPED_NAMES = {
    "healthcare_scheduling": _("Healthcare scheduling assistant"),
    "general_assistant": _("General assistant"),
}
FORMATS = ("jsonl", "yaml")
MOST_PROBLEMS_SHOWN = 10


def scenarios_from(text: str, form: str = "jsonl") -> list[Scenario]:
    """The scenarios of a file, of FORMATS. Raises WrongSuiteFile, which names the lines."""
    try:
        return read_yaml_suite(text) if form == "yaml" else read_suite(text)
    except WrongSuite as error:
        raise wrong_file(error.problems) from error


def wrong_file(problems: Sequence[Problem]) -> WrongSuiteFile:
    """The error that says what is wrong with a file, line by line, in the active language."""
    said = [_said(problem) for problem in problems[:MOST_PROBLEMS_SHOWN]]
    if len(problems) > MOST_PROBLEMS_SHOWN:
        said.append(gettext("%(count)s more lines are wrong.") % {"count": len(problems) - MOST_PROBLEMS_SHOWN})
    return WrongSuiteFile.of("scenarios", "\n".join(said))


def _said(problem: Problem) -> str:
    text = gettext(problem.text)
    text = text % problem.values if problem.values else text
    return gettext("Line %(line)s: %(problem)s") % {"line": problem.line, "problem": text} if problem.line else text


def create_suite(
    *,
    campaign: Campaign,
    name: str,
    scenarios: Sequence[Scenario],
    acting_user: User | None,
    now: datetime,
    slug: str | None = None,
) -> Suite:
    """Makes a suite with its first version. slug: None: made from the name.

    Raises SuiteExists, Invalid, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    suite = Suite(campaign=campaign, name=name, slug=slug or _slug(name), created_by=acting_user, created_at=now)
    checked(suite, exclude=("campaign", "created_by"))
    try:
        with transaction.atomic():
            suite.save(force_insert=True)
            version = _write(suite, 1, scenarios, acting_user, now)
            after = {"suite": suite.slug, "number": 1, "scenarios": version.size, "content_hash": version.content_hash}
            record("suite.created", suite, acting_user=acting_user, now=now, campaign=campaign, after=after)
    except IntegrityError as error:
        if Suite.objects.filter(campaign=campaign, slug=suite.slug).exists():
            text = str(SuiteExists.sentence)
            raise SuiteExists(text, fields={"name": text}) from error
        raise
    return suite


def _slug(name: str) -> str:
    return slugify(name)[:80] or "suite"


def shipped_slug(shipped: str) -> str:
    """The slug of the copy of a shipped suite: the same in every language."""
    return shipped.replace("_", "-")


def add_shipped_suite(*, campaign: Campaign, shipped: str, acting_user: User | None, now: datetime) -> Suite:
    """Adds a copy of a shipped suite, of SHIPPED. Raises SuiteExists, WrongSuiteFile, NotAllowed, NotFound."""
    if shipped not in SHIPPED:
        text = gettext("There is no such suite. There are: %(all)s.")
        raise WrongSuiteFile.of("shipped", text % {"all": ", ".join(SHIPPED)})
    name = str(SHIPPED_NAMES[shipped])
    return create_suite(
        campaign=campaign,
        name=name,
        slug=shipped_slug(shipped),
        scenarios=shipped_suite(shipped),
        acting_user=acting_user,
        now=now,
    )


def save_suite(
    *,
    suite: Suite,
    scenarios: Sequence[Scenario],
    acting_user: User | None,
    now: datetime,
    before_gate: bool | None = None,
    expected: str | None = None,
) -> SuiteVersion:
    """Makes the next version of a suite; the same scenarios again make none.

    before_gate: whether new versions are run on it before the gate; None: as it was. expected: the stamp of the
    suite that was changed (`suite_values`); None: whichever is newest. Raises ChangedMeanwhile, NotAllowed, NotFound.
    """
    require_may_change(acting_user, suite.campaign)
    with transaction.atomic():
        locked = Suite.objects.select_for_update().select_related("campaign").get(pk=suite.pk)
        current = locked.current
        stored = suite_values(locked)
        sent = {"scenarios": suite_hash(scenarios), "before_gate": before_gate}
        if expected is not None and stored != sent and (others := changed_since(expected, stored)):
            raise ChangedMeanwhile({name: stored[name] if name == "before_gate" else () for name in others})
        before = {"number": current.number, "scenarios": current.size, "before_gate": locked.before_gate}
        version = current
        if sent["scenarios"] != current.content_hash:
            version = _write(locked, current.number + 1, scenarios, acting_user, now)
        if before_gate is not None and before_gate != locked.before_gate:
            locked.before_gate = before_gate
            locked.save(update_fields=["before_gate"])
        after = {"number": version.number, "scenarios": version.size, "before_gate": locked.before_gate}
        if after != before:
            record(
                "suite.saved",
                locked,
                acting_user=acting_user,
                now=now,
                campaign=locked.campaign,
                before=before,
                after={"suite": locked.slug, **after, "content_hash": version.content_hash},
            )
    return version


def suite_values(suite: Suite) -> dict[str, Any]:
    """The values of a suite that leads change, its scenarios as a hash."""
    return {"scenarios": suite.current.content_hash, "before_gate": suite.before_gate}


def _write(
    suite: Suite, number: int, scenarios: Sequence[Scenario], acting_user: User | None, now: datetime
) -> SuiteVersion:
    return SuiteVersion.objects.create(
        suite=suite,
        number=number,
        scenarios=[scenario.as_json() for scenario in scenarios],
        size=len(scenarios),
        content_hash=suite_hash(scenarios),
        by=acting_user,
        at=now,
    )
