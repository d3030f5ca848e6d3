"""Registering model versions, evaluating them, and changing which one serves."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from common.storage import artifacts
from labeling.events.record import record
from labeling.models import Campaign, User
from training.access import require_any_lead, require_version
from training.actions.displacing import concerned_by, pause_retraining, require_may_displace
from training.actions.rounds import close_promoted_round
from training.errors import NothingServes, NothingToRollBack, OnlyRehearsed, ServingChanged, VersionDamaged, WrongName
from training.models import Deployment, Evaluation, ModelVersion, Run, Snapshot
from training.queries.rehearsals import channel_of_version
from training.queries.watching import returns_to_previous
from training.versions import files, retention, servers

NAME = re.compile(r"[a-zA-Z0-9_-]{1,120}")
GROUP_CHARACTERS = 30
TAKEN_NAMES = ("compare",)  # beside versions/NAME/ in training.web.urls


def note_download(*, version: ModelVersion, acting_user: User, now: datetime) -> None:
    """Records that somebody downloads the files of a version."""
    campaign = version.run.campaign if version.run else None
    record("version.downloaded", version, acting_user=acting_user, now=now, campaign=campaign)


def register_base_version(*, name: str, directory: Path, acting_user: User | None, now: datetime) -> ModelVersion:
    """Registers a base model's folder under a name. Registering the same one again changes nothing.

    Raises WrongName, and VersionDamaged if the name is that of other files.
    """
    require_any_lead(acting_user)
    _check_name(name)
    existing = ModelVersion.objects.filter(name=name).first()
    if existing is not None and Path(existing.base_dir) == directory and directory.is_dir():
        return existing  # its files are checked before they are loaded
    content_hash = files.content_hash(directory)
    if existing is not None and existing.content_hash != content_hash:
        raise VersionDamaged(
            _("%(name)s already names different files than those in %(directory)s: choose another name.")
            % {"name": name, "directory": directory}
        )
    with transaction.atomic():
        version, created = ModelVersion.objects.get_or_create(
            name=name,
            defaults={
                "base_dir": str(directory),
                "content_hash": content_hash,
                "lineage": {"base_hash": content_hash, "code_version": files.code_version()},
                "created_at": now,
            },
        )
        if created:
            artifacts.publish(directory)
            record("version.registered", version, acting_user=acting_user, now=now)
        elif version.base_dir != str(directory):  # the same files at another place
            version.base_dir = str(directory)
            version.save(update_fields=["base_dir"])
    return version


def _check_name(name: str) -> None:
    """Raises WrongName for a name that addresses of pages cannot hold."""
    if not NAME.fullmatch(name):
        text = _("%(name)s is not a valid version name: use up to 120 letters, digits, hyphens and underscores.")
        raise WrongName(text % {"name": repr(name)})
    if name in TAKEN_NAMES:
        text = _("A version cannot be called %(name)s: a page already uses this address. Choose another name.")
        raise WrongName(text % {"name": name})


def register_version(*, run: Run, adapter: Path, metrics: dict[str, Any], now: datetime) -> ModelVersion:
    """Registers a run's adapter as an immutable version `<campaign>-v<n>` with its lineage, once for each run.

    After a crash between the folder and the row, the next attempt finds the folder by the run in its lineage.
    """
    existing = ModelVersion.objects.filter(run=run).first()
    if existing is not None:
        return existing
    lineage = lineage_of(run)
    name, folder = _free_name(run, lineage)
    if not folder.exists():
        files.publish_version(adapter, folder, lineage)
    artifacts.publish(folder)
    content_hash = files.content_hash(folder / "adapter")
    with transaction.atomic():
        version = ModelVersion.objects.create(
            name=name,
            base_dir=run.parent.base_dir,
            adapter_dir=str(folder / "adapter"),
            content_hash=content_hash,
            parent=run.parent,
            run=run,
            metrics=metrics,
            lineage=lineage,
            simulated=run.snapshot.simulated or run.parent.simulated,
            created_at=now,
        )
        record(
            "version.registered",
            version,
            acting_user=None,
            now=now,
            campaign=run.campaign,
            after={"run": run.pk, "parent": run.parent.name, "content_hash": content_hash},
        )
    return version


def lineage_of(run: Run) -> dict[str, Any]:
    """The lineage of a run's version: everything that made it, by name or hash."""
    parent = run.parent
    return {
        "run": run.pk,
        "run_directory": Path(run.directory).name,
        "campaign": run.campaign.slug,
        "snapshot": run.snapshot.content_hash,
        "config": run.config,
        "parent": parent.name,
        "parent_hash": parent.content_hash,
        "base_hash": parent.lineage.get("base_hash", parent.content_hash if not parent.adapter_dir else ""),
        "code_version": files.code_version(),
    }


def _free_name(run: Run, lineage: dict[str, Any]) -> tuple[str, Path]:
    """The next free name and its folder, which is free too or was left by an earlier attempt of this run.

    A version of a group has the group's name in its own.
    """
    number = ModelVersion.objects.filter(run__campaign=run.campaign).count() + 1
    group = slugify(run.snapshot.group_name.rpartition("/")[2])[:GROUP_CHARACTERS]
    while True:
        name = f"{run.campaign.slug}-{group}-v{number}" if group else f"{run.campaign.slug}-v{number}"
        folder = settings.VAR_DIR / "versions" / name
        if not ModelVersion.objects.filter(name=name).exists() and (
            not folder.exists() or files.made_by(folder) == lineage["run_directory"]
        ):
            return name, folder
        number += 1


def promote(
    *,
    version: ModelVersion,
    acting_user: User | None,
    now: datetime,
    channel: str = Deployment.DEFAULT_CHANNEL,
    expected: ModelVersion | None = None,
    reason: str = "",
    servers_first: bool = True,
    also: Callable[[], Sentence | None] = lambda: None,
) -> Deployment:
    """Makes a version serve. If it serves already, nothing changes and the deployment's `changed` is False.

    First it is loaded into every server under its own name and answers a probe there. Requests for the serving version
    get the old one until this returns, and the new one from then on.
    expected: the version that must be serving now (a gate's decision holds for that one only). servers_first: False
    if the servers are not started yet: they load it with the first request. also: what is written in the same
    transaction, with what serves locked; it may give the reason, or refuse by an error. Gates are asked by
    `promote_through_gate`, not here.
    Raises OnlyRehearsed, ServingChanged, ServerNotReady, VersionDamaged, NotAllowed, NotFound.
    """
    require_version(acting_user, version)
    own = channel_of_version(version)
    if own not in (Deployment.DEFAULT_CHANNEL, channel):
        raise OnlyRehearsed(name=version.name)
    files.check_version(version)
    serves = Deployment.objects.filter(channel=channel, is_current=True, version=version).exists()
    prepared = servers.prepare(version) if servers_first and not serves else []
    with transaction.atomic():
        current = _locked_current(channel)
        if expected is not None and (current is None or current.version_id != expected.pk):
            raise ServingChanged(
                Sentence(
                    gettext_noop("%(name)s no longer serves: review your choice and promote again."),
                    {"name": expected.name},
                )
            )
        if current is not None and current.version_id == version.pk:
            current.changed = False
            return current
        require_may_displace(acting_user, version, current, channel)
        promotion = Deployment(
            channel=channel,
            version=version,
            previous=current,
            kind=Deployment.Kind.PROMOTION,
            by=acting_user,
            at=now,
        )
        promotion.reason = also() or reason
        if acting_user is not None and current is not None and returns_to_previous(current, version):
            pause_retraining(current.version, acting_user, now=now)
        return _deploy(promotion, current, prepared)


def roll_back(
    *,
    acting_user: User | None,
    now: datetime,
    channel: str = Deployment.DEFAULT_CHANNEL,
    expected: Deployment | None = None,
    reason: str = "",
) -> Deployment:
    """Returns to the version that served before the current one, and pauses the rule that may have trained it.

    Without the pause, the rule would train the same labels again. For admins and leads of a campaign that the change
    concerns. expected: the deployment that must be in force.
    reason: of a rollback by rule. Raises ServingChanged, NothingServes, NothingToRollBack, NotAllowed.
    """
    require_any_lead(acting_user)
    with transaction.atomic():
        current = _locked_current(channel)
        if expected is not None and (current is None or current.pk != expected.pk):
            raise ServingChanged
        if current is None:
            raise NothingServes(_("No model version serves yet."))
        earlier = current.previous
        require_may_displace(acting_user, current.version, current, channel)
        if earlier is None:
            raise NothingToRollBack(
                _("%(name)s is the first version that served: there is none before it.")
                % {"name": current.version.name}
            )
        files.check_version(earlier.version)
        rollback = Deployment(
            channel=channel,
            version=earlier.version,
            # Its predecessor is the earlier one's, so that a second roll-back goes one further.
            previous=earlier.previous,
            kind=Deployment.Kind.ROLLBACK,
            reason=reason,
            by=acting_user,
            at=now,
        )
        pause_retraining(current.version, acting_user, now=now)
        return _deploy(rollback, current)


def _locked_current(channel: str) -> Deployment | None:
    """The current deployment, with the channel locked until the transaction ends: promotions are serialized."""
    # A lock on the row would not do: a waiting transaction would find a row that is no longer current.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('deployment'), hashtext(%s))", [channel])
    current = Deployment.objects.filter(channel=channel, is_current=True)
    return current.select_related("version", "previous__version", "previous__previous").first()


def _deploy(
    deployment: Deployment, current: Deployment | None, prepared: Sequence[servers.PreparedServer] = ()
) -> Deployment:
    """Saves a deployment in the place of the current one. prepared: the servers that have loaded its version."""
    version, channel = deployment.version, deployment.channel
    retention.hold(version)
    if current is not None:
        Deployment.objects.filter(pk=current.pk, is_current=True).update(is_current=False)
    deployment.save()
    if deployment.kind == Deployment.Kind.PROMOTION:
        close_promoted_round(version=version, acting_user=deployment.by, now=deployment.at)
    # The version that stops serving is its campaign's concern too.
    concerned: list[Campaign | None] = [*concerned_by(version, current, channel)]
    for campaign in concerned or [None]:
        record(
            "version.promoted" if deployment.kind == Deployment.Kind.PROMOTION else "version.rolled_back",
            version,
            acting_user=deployment.by,
            now=deployment.at,
            campaign=campaign,
            before={"serving": current.version.name if current else None, "channel": channel},
            after={
                "serving": version.name,
                "channel": channel,
                "reason": deployment.reason,
                "deployment": deployment.pk,
            }
            | ({"servers": [asdict(one) for one in prepared]} if prepared else {}),
        )
    return deployment


def record_evaluation(
    *,
    version: ModelVersion,
    kind: str,
    results: dict[str, Any],
    acting_user: User | None,
    now: datetime,
    against: ModelVersion | None = None,
    snapshot: Snapshot | None = None,
) -> Evaluation:
    """Stores figures of a version. kind: see Evaluation. Those on held-out pairs are recorded for their campaign."""
    require_version(acting_user, version)
    with transaction.atomic():
        evaluation = Evaluation.objects.create(
            version=version,
            against=against,
            snapshot=snapshot,
            kind=kind,
            results=results,
            created_by=acting_user,
            created_at=now,
        )
        record(
            "version.evaluated",
            version,
            acting_user=acting_user,
            now=now,
            campaign=snapshot.campaign if snapshot else None,
            after={"kind": kind, "results": results},
        )
    return evaluation
