"""Rounds of the loop in this process, with simulated people: the schedule and the gate decide, as with real ones.

Everything goes through the same actions and jobs; only Celery is left out. The rehearsal asks the schedule in the place
of beat, runs the jobs in the place of the workers, and plays the people: the lead, and the annotators, who also vote in
the gates. The engine and the sampler are child processes as usual. The campaign and the serving channel are the
rehearsal's own: the version that really serves is not affected.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from labeling.actions.members import add_member, remove_member
from labeling.actions.prompts import PromptDraft
from labeling.models import Judgment, Membership, User
from labeling.queries.agreement import agreement
from labeling.queries.progress import campaign_progress
from training.actions.gate import save_gate
from training.actions.generation import start_generation
from training.actions.held_prompts import hold_prompts
from training.actions.leaving_out import leave_out
from training.actions.people_gates import PeopleGateSpec
from training.actions.planning import GenerationSpec
from training.actions.rehearsals import create_rehearsal
from training.actions.retraining import resume_retraining, save_retraining_rule
from training.actions.round_plans import save_round_plan
from training.actions.schedule import CallersJobs, consider_retraining
from training.actions.versions import promote, roll_back
from training.claims import Clock
from training.generation import SamplingSettings
from training.jobs.gate import run_gate
from training.jobs.generation import run_generation_job
from training.jobs.run import run_training_job
from training.models import ACTIVE_STATUSES, GateDecision, GenerationJob, JobStatus, ModelVersion, PeopleGate, Run
from training.queries.gates import standing
from training.queries.held_prompts import held_prompts
from training.queries.people_gates import least_prompts
from training.queries.serving import serving_version
from training.rehearsal.annotators import Annotator, poisoned_people, simulated_people
from training.rehearsal.events import events_since, last_event
from training.rehearsal.figures import verdict_accuracy
from training.rehearsal.measuring import Yardstick, evaluation_figures
from training.rehearsal.plan import RehearsalFailed, RehearsalPlan
from training.rehearsal.voting import ask_people, awaits_people_only, gate_report

MOST_LOOKS = 4
"""At the schedule in one round: it generates again until there are verdicts enough."""


class Rehearsal:
    """One campaign of simulated annotators, round after round."""

    def __init__(
        self,
        plan: RehearsalPlan,
        *,
        base: ModelVersion,
        prompts: Sequence[PromptDraft],
        clock: Clock = timezone.now,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.plan, self.clock, self.say = plan, clock, say
        # Temperature 1 and no cut-offs: the samples then follow the policy itself, as rewards and drift need.
        self.settings = SamplingSettings(temperature=1.0, top_p=1.0, top_k=0, max_tokens=plan.max_tokens)
        now = clock()
        self.lead, people = simulated_people(plan.overlap, now=now)
        self.annotators = [
            Annotator(person, plan.rule, plan.error_rate(number), plan.seed) for number, person in enumerate(people)
        ]
        rates = ", ".join(f"{one.error_rate:g}" for one in self.annotators)
        with transaction.atomic():  # one that is refused leaves no campaign
            self.rehearsed = create_rehearsal(
                lead=self.lead,
                annotators=people,
                prompts=prompts,
                overlap=plan.overlap,
                guidelines=f"Simulated annotators; they err with probability {rates}. {plan.rule.sentence}",
                plan=plan.as_json(),
                now=now,
            )
            self.campaign, self.channel = self.rehearsed.campaign, self.rehearsed.channel
            self._hand_to_schedule(len(prompts))
        # The only promotion by hand: every version has to replace it by its gate.
        promote(version=base, acting_user=None, now=self.clock(), channel=self.channel)
        held = [list(prompt.messages) for prompt in held_prompts(self.campaign)]
        self.yardstick = Yardstick(plan, self.settings, held)

    def _hand_to_schedule(self, prompts: int) -> None:
        """Holds prompts for gates by people, and has the schedule generate, train and promote by its gate."""
        given: dict[str, Any] = {"campaign": self.campaign, "acting_user": self.lead, "now": self.clock()}
        hold_prompts(**given, share=self.plan.held)
        held, needed = len(held_prompts(self.campaign)), least_prompts(PeopleGateSpec().rule())
        if held < needed:
            raise RehearsalFailed(f"{held} prompts are held for the gates; they need {needed}. Use more prompts.")
        save_gate(**given, rules=self.plan.gate_rules(prompts))
        save_round_plan(**given, values={"generates": True, "only_new_labels": self.plan.only_new_labels})
        enough = max(1, self.plan.pairs_a_round(prompts) // 4)  # of which many may be ties
        self.rule = save_retraining_rule(**given, min_fresh_verdicts=enough, auto_promote=True)

    def rounds(self) -> Iterator[dict[str, Any]]:
        """Runs all rounds; yields a report of each. Raises RehearsalFailed."""
        for number in range(1, self.plan.rounds + 1):
            yield Turn(self, number).report()


class Turn:
    """One turn of the loop."""

    def __init__(self, rehearsal: Rehearsal, number: int) -> None:
        self.rehearsal, self.plan, self.number = rehearsal, rehearsal.plan, number
        self.campaign, self.clock = rehearsal.campaign, rehearsal.clock
        self.seconds: dict[str, float] = {}
        self.judgments = self.poisoned = self.looks = 0
        self.crowd: list[User] = []

    def report(self) -> dict[str, Any]:
        """Runs the round and returns its report."""
        since = last_event(self.campaign) if self.number > 1 else 0
        run = self._label_until_run()
        with self._phase("train"):
            version = self._train(run)
        with self._phase("evaluate"):
            decision = self._ask_gate(run)
        gate = None
        if awaits_people_only(decision):
            with self._phase("gate"):
                gate = ask_people(self.rehearsal.rehearsed, version, self.rehearsal.annotators, clock=self.clock)
                decision = self._ask_gate(run)
        decided = self._gate(decision, gate, version)
        if self.crowd and not decision.is_promoted:
            self._leave_out_crowd()
        if decision.is_promoted and self.plan.regret == self.number:
            self._regret()
        with self._phase("measure"):
            measured = self.rehearsal.yardstick.figures(version, run.parent)
        return {
            "round": self.number,
            **self._setting(),
            "parent": run.parent.name,
            "version": version.name,
            "serves": serving_version(self.rehearsal.channel).name,
            "labels": self._labels(run),
            "agreement": agreement(self.campaign, include_simulated=True).as_dict(),
            "verdict_accuracy": verdict_accuracy(self.campaign, self.plan.rule),
            "evaluation": evaluation_figures(version),
            "gate": decided,
            **measured,
            "events": events_since(self.campaign, since),
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()}
            | {"total": round(sum(self.seconds.values()), 1)},
        }

    def _setting(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign.slug,
            "seed": self.plan.seed,
            "rule": self.plan.rule.name,
            "rule_sentence": self.plan.rule.sentence,
            "error_rates": [one.error_rate for one in self.rehearsal.annotators],
            "overlap": self.plan.overlap,
        }

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self.rehearsal.say(f"round {self.number}: {name} ...")
        started = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started

    # --- Generate, label ---

    def _label_until_run(self) -> Run:
        """Asks the schedule until it starts a run; what it has written in between is judged."""
        if self.number == 1:  # later rounds are generated by the schedule, with the same settings
            self._write(self._first_generation())
        for _ in range(MOST_LOOKS):
            run = self._consider()
            if run is not None:
                return run
            job = self.campaign.generation_jobs.filter(status__in=ACTIVE_STATUSES).first()
            if job is None:
                break
            self._write(job)
        raise RehearsalFailed(f"No run was started: {self.rehearsal.rule.outcome}")

    def _consider(self) -> Run | None:
        """Looks at the schedule, as beat and a worker do each minute."""
        self.looks += 1
        jobs = CallersJobs(seed=self._seed(), config={"seed": self.plan.seed, **self.plan.config})
        return consider_retraining(rule=self.rehearsal.rule, now=self.clock(), jobs=jobs)

    def _seed(self) -> int:
        return 1000 * self.plan.seed + MOST_LOOKS * self.number + self.looks

    def _first_generation(self) -> GenerationJob:
        spec = GenerationSpec(
            settings=self.rehearsal.settings.as_dict(), pairs_per_prompt=self.plan.pairs_per_prompt, seed=self._seed()
        )
        lead, now = self.rehearsal.lead, self.clock()
        return start_generation(campaign=self.campaign, acting_user=lead, now=now, spec=spec, hand_to_worker=False)

    def _write(self, job: GenerationJob) -> None:
        """Runs a generation, and has its pairs judged."""
        with self._phase("generate"):
            done = run_generation_job(job.pk, clock=self.clock)
        if done is None or done.status != JobStatus.FINISHED:
            raise RehearsalFailed(f"Generation did not finish: {done.error if done else 'another worker has it'}")
        with self._phase("label"):
            if self.plan.poison == self.number and not self.crowd:
                self._poison()
            for annotator in self.rehearsal.annotators:
                self.judgments += annotator.judge_all(self.campaign, now=self.clock())

    def _poison(self) -> None:
        """A crowd that always chooses the other text judges the first pairs of the round, and leaves."""
        self.crowd = poisoned_people(self.plan.overlap, now=self.clock())
        lead, role = self.rehearsal.lead, Membership.Role.ANNOTATOR
        for person in self.crowd:
            add_member(campaign=self.campaign, user=person, role=role, acting_user=lead, now=self.clock())
            crowd = Annotator(person, self.plan.rule, 1.0, self.plan.seed)
            self.judgments += crowd.judge_all(self.campaign, now=self.clock(), most=self.plan.poisoned_labels)
            remove_member(campaign=self.campaign, user=person, acting_user=lead, now=self.clock())
        flipped = Judgment.objects.filter(campaign=self.campaign, annotator=self.crowd[0], choice__in=("a", "b"))
        self.poisoned = flipped.count()

    # --- Train, evaluate, gate ---

    def _train(self, run: Run) -> ModelVersion:
        done = run_training_job(run.pk, clock=self.clock)
        if done is None or done.status != JobStatus.FINISHED:
            raise RehearsalFailed(f"Training did not finish: {done.error if done else 'another worker has it'}")
        return ModelVersion.objects.select_related("parent").get(run=run)

    def _ask_gate(self, run: Run) -> GateDecision:
        """Asks the gate, as a worker does after a run and after a gate by people was passed."""
        run_gate(run.pk, clock=self.clock)
        decision = GateDecision.objects.filter(run=run, is_automatic=True).order_by("-pk").first()
        if decision is None:
            raise RehearsalFailed("The gate did not decide: its evaluation did not finish.")
        return decision

    def _leave_out_crowd(self) -> None:
        """The lead finds the crowd once its version is held back, and leaves its judgments out of training."""
        for person in self.crowd:
            leave_out(campaign=self.campaign, person=person, acting_user=self.rehearsal.lead, now=self.clock())

    def _regret(self) -> None:
        """The lead rolls back, which pauses the schedule; it is asked once while paused; the lead resumes it."""
        lead, rule = self.rehearsal.lead, self.rehearsal.rule
        roll_back(acting_user=lead, now=self.clock(), channel=self.rehearsal.channel)
        if self._consider() is not None:
            raise RehearsalFailed("The schedule started a run although a rollback had paused it.")
        self.rehearsal.say(f"round {self.number}: {rule.outcome}")
        resume_retraining(rule=rule, acting_user=lead, now=self.clock())

    # --- The report ---

    def _labels(self, run: Run) -> dict[str, Any]:
        progress = campaign_progress(self.campaign)
        return {
            "comparisons": progress.comparisons,
            "judgments": self.judgments,
            "poisoned": self.poisoned,
            "settled": progress.settled,
            "conflicts": progress.conflicts,
            "train_pairs": run.snapshot.train_pairs,
            "test_pairs": run.snapshot.test_pairs,
        }

    def _gate(self, decision: GateDecision, gate: PeopleGate | None, version: ModelVersion) -> dict[str, Any]:
        """The last decision of the gate, and the gate by people that it asked for; people: None: they were not asked.

        reason: of a version held back, as it stands now: people may have voted since the schedule decided.
        """
        stands = None if decision.is_promoted else standing(version)
        return {
            "outcome": decision.outcome,
            "promoted": decision.is_promoted,
            "reason": str(stands.reason if stands else decision.reason),
            "people": gate_report(gate) if gate else None,
            "decision": decision.pk,
            "certificate": decision.certificate_hash,
        }
