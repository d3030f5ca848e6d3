"""The steps of an evaluation: what is measured of which versions, on which campaigns, one part after another."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence, sentence_of
from labeling.exchange import TEST, PreferencePair, SnapshotDamaged, messages_hash, read_pairs
from labeling.models import Campaign
from training import claims
from training.actions.versions import record_evaluation
from training.claims import Clock
from training.engine.config import RunConfig
from training.errors import VersionDamaged
from training.evaluation.suite_results import suites_of
from training.generation import GeneratorUnavailable, InvalidRequest, ModelNotUsable
from training.jobs.engine import EngineFailed, drift_of_samples, score_pairs
from training.jobs.evaluation_samples import write_samples
from training.jobs.gate_suites import MISSING, PASSED_MISSING, not_run, suite_figures
from training.jobs.sampler import SamplerDied, SourceOf, open_source
from training.models import EvaluationJob, ModelVersion, Snapshot
from training.queries.gates import MEASURED, campaigns_concerned, snapshot_to_measure
from training.versions import files

TICK_SECONDS = 1.0

FAILURES = (EngineFailed, VersionDamaged, SnapshotDamaged, OSError)
NO_SAMPLES = (SamplerDied, ModelNotUsable, GeneratorUnavailable, InvalidRequest, VersionDamaged)


class EvaluationSteps:
    """A claimed evaluation: its steps, and how each is measured."""

    def __init__(self, claim: "claims.Claim[EvaluationJob]", clock: Clock) -> None:
        self.claim, self.clock = claim, clock
        related = ("version__parent", "version__run__snapshot", "version__run__campaign", "compared", "campaign")
        self.job = EvaluationJob.objects.select_related(*related).get(pk=claim.job.pk)
        assert self.job.campaign is not None
        self.version, self.campaign = self.job.version, self.job.campaign
        self.parts: dict[str, Any] = dict(self.job.parts)
        self.steps: list[tuple[str, int, Callable[[], Any]]] = []
        self.done = 0
        self.last_beat = 0.0
        self.stopping = False

    def _campaigns(self) -> Iterator[tuple[Campaign, Snapshot, list[PreferencePair]]]:
        """The campaigns with held-out pairs: its own, then those that it would also write for."""
        others = [campaign for campaign in campaigns_concerned(self.version) if campaign.pk != self.campaign.pk]
        for campaign in (self.campaign, *others):
            snapshot = snapshot_to_measure(campaign, self.version)
            if snapshot is None:
                continue
            try:
                snapshot.verified()
                pairs = list(read_pairs(snapshot.folder, TEST))
            except (SnapshotDamaged, OSError) as error:
                if campaign.pk == self.campaign.pk:
                    raise
                self._record_trouble(snapshot, error)
                continue
            yield campaign, snapshot, pairs

    def _plan(self, campaigns: list[tuple[Campaign, Snapshot, list[PreferencePair]]]) -> None:
        """Lists the steps: name of the part, size of the step (texts), and what measures it."""
        for campaign, snapshot, pairs in campaigns:
            for version in self.measured_versions:
                if version.adapter_dir and pairs:
                    measure = self._scorer(version, list(pairs))
                    measure = measure if campaign.pk == self.campaign.pk else _or_trouble(measure, FAILURES)
                    self.steps.append((scores_part(snapshot, version), 2 * len(pairs), measure))
        prompts = self._prompts(campaigns)
        if prompts:
            for version in filter(None, (self.version, self.sampled_against)):
                self.steps.append((samples_part(version), len(prompts), self._sampler(version, prompts)))
            if self.version.adapter_dir:
                self.steps.append(("drift", len(prompts), self._drift))
        for campaign, _snapshot, _pairs in campaigns:
            scenarios = sum(len(suite.current.scenarios) for suite in suites_of(campaign).filter(before_gate=True))
            if scenarios:
                measure = self.on_suites(campaign)
                self.steps.append((suites_part(campaign), scenarios, measure))
        total = sum(size for _name, size, _measure in self.steps)
        self.claim.write(total=total, done=0)

    @property
    def measured_versions(self) -> list[ModelVersion]:
        """The version, its parent, and the one it is compared with, as far as they share its base; each once."""
        versions = [self.version, self.version.kept_parent, self.job.compared]
        same = [version for version in versions if version is not None and version.base_dir == self.version.base_dir]
        return list({version.pk: version for version in same}.values())

    @property
    def sampled_against(self) -> ModelVersion | None:
        """The version whose samples are compared with its own; its parent where it serves itself."""
        compared = self.job.compared
        return compared if compared is not None and compared.pk != self.version.pk else self.version.kept_parent

    @property
    def gone(self) -> Sentence:
        """Why its parent is not measured beside it; empty: it is, or there is none."""
        parent = self.version.parent
        if parent is None or parent.files_removed_at is None:
            return Sentence()
        values = {"name": parent.name, "date": parent.files_removed_at.date().isoformat()}
        return Sentence(
            _("It was not measured beside its parent %(name)s: the files were removed on %(date)s."), values
        )

    def _scorer(self, version: ModelVersion, pairs: list[PreferencePair]) -> Callable[[], dict[str, list[float]]]:
        """By pair: the margin against the base, and the chosen text's log-probability under version and base."""

        def score() -> dict[str, list[float]]:
            files.check_version(version)
            options = ["--set", f"loss={self._settings.loss}", "--set", f"beta={self.beta}"]
            scores = score_pairs(version, pairs, options=options, should_stop=self._should_stop)
            columns = ("margin", "policy_chosen_logp", "reference_chosen_logp")
            self._stop_if_asked()
            return {one["id"]: [float(one[column]) for column in columns] for one in scores}

        return score

    @property
    def beta(self) -> float:
        """That of its run; others are measured with the same, so that margins can be compared."""
        return self._settings.beta

    @property
    def _settings(self) -> RunConfig:
        return RunConfig.from_mapping(self.version.run.config if self.version.run else {})

    def _prompts(self, campaigns: list[tuple[Campaign, Snapshot, list[PreferencePair]]]) -> list[PreferencePair]:
        """One held-out pair for each of the prompts to be answered, in the order of the file, which is that of a hash.

        The version was not trained on them, and neither was any version before it in this campaign.
        """
        own = next((pairs for campaign, _snapshot, pairs in campaigns if campaign.pk == self.campaign.pk), [])
        by_prompt = {messages_hash(pair.prompt): pair for pair in reversed(own)}
        return list(reversed(by_prompt.values()))[: int(self.job.settings["prompts"])]

    def _sampler(self, version: ModelVersion, prompts: list[PreferencePair]) -> Callable[[], dict[str, Any]]:
        """A version's samples; without them the rest of the evaluation goes on."""

        def sample() -> dict[str, Any]:
            samples = write_samples(
                version,
                prompts,
                self.job.settings,
                should_stop=self._should_stop,
                wrote=lambda count: self._tick(extra=count),
            )
            self._stop_if_asked()
            return {"samples": samples}

        return _or_trouble(sample, NO_SAMPLES)

    def on_suites(self, campaign: Campaign, source_of: SourceOf = open_source) -> Callable[[], dict[str, Any]]:
        """Measures the scenarios that it lost on a campaign's suites; runs that are missing are made."""

        def run() -> dict[str, Any]:
            options: dict[str, Any] = {"clock": self.clock, "source_of": source_of, "within": self._should_stop}
            try:
                found = suite_figures(self.version, self.job.compared, campaign, **options)
            except FAILURES as error:
                if campaign.pk == self.campaign.pk:
                    raise
                found = dict.fromkeys((MISSING, PASSED_MISSING), not_run(sentence_of(error)).as_json())
            self._stop_if_asked()
            return found

        return run

    def _drift(self) -> dict[str, Any]:
        own = self.parts[samples_part(self.version)]
        if not own.get("samples"):
            return {"trouble": own.get("trouble", Sentence(_("It has written no samples.")).as_json())}
        if self.gone:
            return {"trouble": self.gone.as_json()}
        parent = self.version.parent
        files.check_version(self.version)
        if parent is not None:
            files.check_version(parent)
        lines = drift_of_samples(self.version, own["samples"], reference=parent, should_stop=self._should_stop)
        self._stop_if_asked()
        return {"lines": lines}

    # --- Signs of life ---

    def _tick(self, *, due: bool = False, extra: int = 0) -> None:
        """Writes progress and a heartbeat when it is time, and notes whether to stop. extra: texts of this step."""
        now = time.monotonic()
        if due or now - self.last_beat >= TICK_SECONDS:
            self.last_beat = now
            self.claim.write(done=self.done + extra)
            self.stopping = self.claim.beat(self.clock())

    def _should_stop(self) -> bool:
        now = time.monotonic()
        if now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            self.stopping = self.claim.beat(self.clock())
        return self.stopping

    def _stop_if_asked(self) -> None:
        if self.stopping:
            raise claims.Stopped

    # --- Trouble ---

    def _record_trouble(self, snapshot: Snapshot, error: Exception) -> None:
        """Stores why nothing could be measured in the place of the figures: the campaign's gate says so."""
        if not self.job.for_gates:
            return
        reason = Sentence(_("It could not be measured: %(reason)s"), {"reason": sentence_of(error)})
        with transaction.atomic():
            self.claim.lock()  # a worker that lost the job writes nothing over the figures of the one that has it
            record_evaluation(
                version=self.version,
                kind=MEASURED,
                results={"trouble": reason.as_json()},
                acting_user=None,
                now=self.clock(),
                against=self.job.compared,
                snapshot=snapshot,
            )


def _or_trouble(measure: Callable[[], Any], failures: tuple[type[Exception], ...]) -> Callable[[], Any]:
    """The same, but a failure becomes the part: the rest of the evaluation does not depend on it."""

    def measured() -> Any:
        try:
            return measure()
        except failures as error:
            return {"trouble": sentence_of(error).as_json()}

    return measured


def scores_part(snapshot: Snapshot, version: ModelVersion) -> str:
    """The name of the part with a version's scores of a snapshot's held-out pairs."""
    return f"scores {snapshot.pk} {version.pk}"


def suites_part(campaign: Campaign) -> str:
    """The name of the part with the scenarios that a version lost on a campaign's suites."""
    return f"suites {campaign.pk}"


def samples_part(version: ModelVersion) -> str:
    """The name of the part with a version's samples."""
    return f"samples {version.pk}"
