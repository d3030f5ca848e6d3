"""Doing a job about groups of annotators: the search in the votes, or versions measured on each group's pairs."""

import time
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from labeling.exchange import TEST, PreferencePair, SnapshotDamaged, messages_hash, read_pairs
from labeling.stats import InvalidCounts, preference_groups
from training import claims
from training.claims import Clock
from training.engine.config import RunConfig
from training.errors import NothingServes, VersionDamaged
from training.evaluation.group_votes import read_votes, result_of
from training.jobs.engine import EngineFailed, score_pairs
from training.jobs.gate_figures import accuracy_figures
from training.models import GroupJob, JobStatus, ModelVersion
from training.queries.group_versions import GroupVersion, versions_of
from training.queries.learned_prompts import learned_by
from training.queries.rehearsals import channel_of
from training.queries.serving import serving_version
from training.versions import files

FAILURES = (EngineFailed, VersionDamaged, SnapshotDamaged, InvalidCounts, NothingServes, OSError)
RIGHT, TIE, WRONG = 1.0, 0.5, 0.0


def run_group_job(job_id: int, *, clock: Clock = timezone.now) -> GroupJob | None:
    """Does a job to its end and returns it; None if this worker cannot claim it."""
    claim = claims.claim(GroupJob, job_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=FAILURES):
        result = GroupWork(claim, clock).work()
        claim.finish(JobStatus.FINISHED, now=clock(), result=result)
    claim.job.refresh_from_db()
    return claim.job


class GroupWork:
    """A claimed job at work."""

    def __init__(self, claim: "claims.Claim[GroupJob]", clock: Clock) -> None:
        self.claim, self.clock = claim, clock
        self.job = GroupJob.objects.select_related("campaign", "grouping__campaign").get(pk=claim.job.pk)
        self.last_beat = 0.0
        self.stopping = False

    def work(self) -> dict[str, Any]:
        """The result of a search (training.queries.groups), or of a measurement."""
        if self.job.kind == GroupJob.Kind.MEASUREMENT:
            return self._measure()
        read = read_votes(self.job.campaign, meanwhile=self._beat)
        return result_of(read, preference_groups(read.votes, at_each_start=self._beat))

    def _measure(self) -> dict[str, Any]:
        """groups: names. versions: name and group of each; "": it serves. cells: the accuracy of each on each.

        left_out: how many held-out pairs of each group are on prompts that one of the versions has learned from.
        """
        assert self.job.grouping is not None
        own = versions_of(self.job.grouping)
        versions = [(one.version, one.group) for one in own]
        serving = serving_version(channel_of(self.job.campaign))
        # Margins are measured against the base: those of another base's versions cannot be compared.
        if serving.adapter_dir and all(serving.base_dir == version.base_dir for version, _group in versions):
            versions.append((serving, ""))
        self.claim.write(total=len(versions) * len(own), done=0)
        pairs_of, left_out = self._held_out(own, [version for version, _group in versions])
        cells = []
        for version, _group in versions:
            files.check_version(version)
            for target in own:
                self._beat()
                pairs = pairs_of[target.group]
                cells.append({"version": version.name, "group": target.group, **self._accuracy(version, pairs)})
                self.claim.write(done=len(cells), worker_deaths=0)
        return {
            "groups": [one.group for one in own],
            "versions": [{"name": version.name, "group": group} for version, group in versions],
            "cells": cells,
            "left_out": left_out,
        }

    def _held_out(
        self, own: Sequence[GroupVersion], versions: Sequence[ModelVersion]
    ) -> tuple[dict[str, list[PreferencePair]], dict[str, int]]:
        """The held-out pairs of each group from which no version has learned, so that all are measured alike; and how
        many pairs are left out for that.
        """
        is_learned = learned_by(versions, meanwhile=self._beat)
        kept, left_out = {}, {}
        for target in own:
            target.snapshot.verified()
            pairs = list(read_pairs(target.snapshot.folder, TEST))
            kept[target.group] = [pair for pair in pairs if not is_learned(pair.prompt)]
            left_out[target.group] = len(pairs) - len(kept[target.group])
        return kept, left_out

    def _accuracy(self, version: ModelVersion, pairs: Sequence[PreferencePair]) -> dict[str, Any]:
        if not pairs:
            return {"pairs": 0, **accuracy_figures([], [])}
        config = RunConfig.from_mapping(version.run.config if version.run else {})
        options = ["--set", f"loss={config.loss}", "--set", f"beta={config.beta}"]
        scores = score_pairs(version, pairs, options=options, should_stop=self._should_stop)
        if self.stopping:
            raise claims.Stopped
        prompts = {pair.id: messages_hash(pair.prompt) for pair in pairs}
        margins = [(one["id"], float(one["margin"])) for one in scores]
        marks = [RIGHT if margin > 0 else WRONG if margin < 0 else TIE for _id, margin in margins]
        figures = accuracy_figures(marks, [prompts[pair] for pair, _margin in margins])
        return {"pairs": len(margins), **figures}

    def _beat(self) -> None:
        """Keeps the claim. Raises Stopped once somebody has cancelled."""
        if self._should_stop():
            raise claims.Stopped

    def _should_stop(self) -> bool:
        now = time.monotonic()
        if not self.last_beat or now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            self.stopping = self.claim.beat(self.clock())
        return self.stopping
