"""The words of the product, each defined once: for the glossary page, the tooltips and docs/glossary.md."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Term:
    """key: its address on the glossary page, and its name in templates. meaning: a sentence or two."""

    key: str
    name: str | Promise
    meaning: str | Promise


@dataclass(frozen=True, slots=True)
class Chapter:
    """Terms that are read together."""

    key: str
    title: str | Promise
    terms: tuple[Term, ...]


LABELING = Chapter(
    "labeling",
    _("Labeling"),
    (
        Term("campaign", _("Campaign"), _("A labeling effort: its prompts, guidelines, rules, people and status.")),
        Term("prompt", _("Prompt"), _("The conversation that a model continues, with one turn or several.")),
        Term(
            "completion",
            _("Completion"),
            _("A text that continues a prompt, stored with the model version and the settings that wrote it."),
        ),
        Term(
            "batch",
            _("Import (batch)"),
            _(
                "Everything that one imported file brought. It can be taken back as a whole until somebody judges, "
                "skips or flags a part of it."
            ),
        ),
        Term(
            "comparison",
            _("Comparison"),
            _(
                "Two completions of one prompt, called A and B. It is what annotators judge; on their page it is also "
                "called a pair."
            ),
        ),
        Term("annotator", _("Annotator"), _("A person who judges comparisons.")),
        Term("lead", _("Lead"), _("A person who runs a campaign: its rules, people, training and promotions.")),
        Term("expert", _("Expert"), _("A member of a campaign who settles conflicts.")),
        Term(
            "simulated_annotator",
            _("Simulated annotator"),
            _("A program that judges by a stated rule. Figures about people leave it out unless you include it."),
        ),
        Term(
            "pseudonym",
            _("Pseudonym"),
            _("The name that stands for an annotator in statistics and exports, so that nobody is named there."),
        ),
        Term(
            "guidelines",
            _("Guidelines"),
            _("The campaign's instructions on what makes a completion better. Every change is a new version."),
        ),
        Term(
            "assignment",
            _("Assignment"),
            _("A comparison leased to one annotator for a time, with the side on which each completion is shown."),
        ),
        Term(
            "lease",
            _("Lease"),
            _("The time for which an assignment belongs to one annotator. When it runs out, somebody else can get it."),
        ),
        Term(
            "judgment",
            _("Judgment"),
            _("One annotator's answer to a comparison: a side, a tie, both bad, or a skip, with comment and time."),
        ),
        Term(
            "counted_judgment",
            _("Counted judgment"),
            _(
                "A current judgment of a counted comparison, without skips and retests. Totals, statistics and the "
                "figures of people count these."
            ),
        ),
        Term(
            "counted_comparison",
            _("Counted comparison"),
            _("A comparison that is judged for a verdict: not gold, in practice, flagged or retired."),
        ),
        Term(
            "overlap",
            _("Overlap"),
            _("How many people judge each comparison independently. Agreement needs at least two."),
        ),
        Term(
            "gold",
            _("Gold"),
            _("A comparison whose right answer is known. It is mixed in unannounced to measure annotators."),
        ),
        Term(
            "practice",
            _("Practice"),
            _("Pairs with known answers and explanations that new annotators judge first. They count for nothing."),
        ),
        Term(
            "qualification",
            _("Qualification"),
            _("A round on pairs with known answers: an annotator with enough right answers may judge."),
        ),
        Term(
            "retest",
            _("Retest"),
            _("The same comparison again for the same annotator, with the sides exchanged, to measure consistency."),
        ),
        Term(
            "agreement",
            _("Agreement"),
            _("How often annotators give the same answer to the same comparison, as a share or beyond chance."),
        ),
        Term(
            "chance_corrected",
            _("Agreement beyond chance"),
            _(
                "Agreement after subtracting what guessing would give: 0 is chance, 1 is perfect. Krippendorff's alpha "
                "and Gwet's AC1 are two ways to compute it."
            ),
        ),
        Term(
            "interval",
            _("95 % interval"),
            _("The range in which the true figure most likely lies. Few judgments make it wide."),
        ),
        Term(
            "ceiling",
            _("Ceiling"),
            _("The best accuracy that even a perfect model can reach on these labels, because people disagree."),
        ),
        Term(
            "dawid_skene",
            _("Dawid-Skene"),
            _(
                "A method that estimates how often each annotator errs from how they differ, and weighs their votes "
                "by it."
            ),
        ),
        Term(
            "bradley_terry",
            _("Bradley-Terry"),
            _("A method that ranks model versions by how often one was preferred to another."),
        ),
        Term(
            "elo",
            _("Elo points"),
            _("The scale of the ranking: a lead of 100 points means winning about 64 of 100 comparisons."),
        ),
        Term(
            "conflict", _("Conflict"), _("A comparison whose judgments lead to no verdict under the campaign's rule.")
        ),
        Term("adjudication", _("Adjudication"), _("An expert's decision about a conflict.")),
        Term(
            "verdict",
            _("Verdict"),
            _("The settled result of a comparison: the winner, how sure it is, and who or what settled it."),
        ),
        Term("confidence", _("Confidence"), _("The estimated probability that a verdict is right.")),
        Term(
            "slice",
            _("Slice"),
            _("The part of all judgments that statistics are computed from: by time, people, versions or criterion."),
        ),
        Term(
            "recount",
            _("Recount"),
            _("Computing all verdicts of a campaign again, for example after its rule has changed."),
        ),
    ),
)
TRAINING = Chapter(
    "training",
    _("Models and training"),
    (
        Term(
            "dpo",
            _("DPO"),
            _(
                "Direct preference optimization: training that makes chosen completions more likely and rejected ones "
                "less likely, without a separate reward model."
            ),
        ),
        Term(
            "preference_pair",
            _("Preference pair"),
            _("A prompt with a chosen and a rejected completion. A verdict with a winner gives one."),
        ),
        Term(
            "snapshot",
            _("Snapshot"),
            _("The preference pairs of a run, frozen, ordered and hashed, so that the run can be repeated."),
        ),
        Term(
            "held_out",
            _("Held-out pairs"),
            _("Preference pairs kept apart from training to measure it. Their prompts are not trained on."),
        ),
        Term("run", _("Run"), _("One training: one snapshot and one set of settings make one model version.")),
        Term("policy", _("Policy"), _("The model that is being trained.")),
        Term(
            "reference",
            _("Reference model"),
            _("The frozen model that training measures against: the parent version or its base model."),
        ),
        Term(
            "base_model",
            _("Base model"),
            _("A model as it was downloaded, from which the first versions are trained."),
        ),
        Term(
            "model_version",
            _("Model version"),
            _("A named model that never changes: a base model, usually with an adapter, and a record of its origin."),
        ),
        Term("adapter", _("Adapter"), _("The small set of weights that training adds to a base model (LoRA).")),
        Term("checkpoint", _("Checkpoint"), _("The state of a run at one step, from which it can be resumed.")),
        Term(
            "beta",
            _("Beta"),
            _("How strongly training is tied to the reference model. A larger beta lets the model drift less."),
        ),
        Term(
            "nats",
            _("Nats"),
            _("The unit of log-probabilities. A difference of 0.69 nats means twice as likely."),
        ),
        Term(
            "log_probability",
            _("Log-probability"),
            _("The natural logarithm of how likely a model is to write a text. Closer to zero is more likely."),
        ),
        Term(
            "log_ratio",
            _("Log-ratio"),
            _("How much more likely a text is than under the reference model, in nats. 0 is as likely as before."),
        ),
        Term(
            "implicit_reward",
            _("Hidden reward"),
            _("The reward that DPO learns without naming it: beta times the log-ratio. Also called implicit reward."),
        ),
        Term(
            "rlhf",
            _("RLHF"),
            _(
                "Reinforcement learning from human feedback: a reward model learns from preferences, and the policy "
                "from its points. DPO reaches the same goal without it."
            ),
        ),
        Term(
            "ppo",
            _("PPO"),
            _(
                "Proximal policy optimization, the usual method of RLHF: what earned more than expected becomes more "
                "likely, in small steps."
            ),
        ),
        Term(
            "reward_hacking",
            _("Reward hacking"),
            _("A model earns points by a hole in the reward model instead of by better texts."),
        ),
        Term(
            "reward_model",
            _("Reward model"),
            _("A model trained to score texts. It gives an explicit reward that the hidden one can be compared with."),
        ),
        Term(
            "margin",
            _("Margin"),
            _("The hidden reward of the chosen completion minus that of the rejected one. Above zero is right."),
        ),
        Term(
            "reward_accuracy",
            _("Held-out accuracy"),
            _(
                "The share of held-out pairs in which the model prefers the chosen completion (reward accuracy). One "
                "half is chance."
            ),
        ),
        Term(
            "loss",
            _("Loss"),
            _(
                "The number that training reduces. For DPO it starts at 0.693 (ln 2), where the model has no "
                "preference yet. Labels are not certain, so it does not reach 0: with one vote for each pair, 0.562 "
                "is the least."
            ),
        ),
        Term(
            "gradient",
            _("Gradient"),
            _("The direction and strength with which a training step changes the weights."),
        ),
        Term(
            "kl",
            _("KL divergence"),
            _("How far a model has drifted from its reference, in nats per completion. 0 is not at all."),
        ),
        Term("entropy", _("Entropy"), _("How undecided a model is about its next word, in nats per token.")),
        Term(
            "displacement",
            _("Likelihood displacement"),
            _(
                "Training made the chosen completions less likely too, only less so than the rejected ones. Read some "
                "completions before such a version serves."
            ),
        ),
        Term("sft_term", _("SFT term"), _("An addition to the loss that keeps chosen completions likely.")),
        Term(
            "dpop",
            _("DPO-Positive"),
            _("A variant of the loss that punishes it when a chosen completion becomes less likely."),
        ),
        Term("token", _("Token"), _("A piece of text as the model reads it: a word or a part of one.")),
        Term("sampling", _("Sampling"), _("How a model draws the next token. A higher temperature varies more.")),
        Term("seed", _("Seed"), _("The start of the random numbers: with the same seed a model writes the same text.")),
        Term(
            "candidate",
            _("Candidate"),
            _("A completion that a model version writes for annotators to judge; two of one prompt are compared."),
        ),
        Term(
            "win_rate",
            _("Win rate"),
            _("How often one version's completions were preferred to another's. Ties count half."),
        ),
        Term(
            "round",
            _("Round"),
            _("One turn of the loop: generate pairs, label, train, evaluate, gate, promote. The next one follows."),
        ),
        Term(
            "gate",
            _("Gate"),
            _(
                "The rules that a new version must meet before it is promoted: enough held-out pairs, better than "
                "chance, not proven worse than its parent."
            ),
        ),
        Term(
            "people_gate",
            _("Gate by people"),
            _(
                "Annotators compare a candidate with the serving version, blind, on held prompts. The evidence is "
                "valid after every vote, so it ends by itself."
            ),
        ),
        Term(
            "waiver",
            _("Waiver"),
            _("A promotion past a gate that is not met: a lead gives a reason, which is kept with their name."),
        ),
        Term(
            "certificate",
            _("Certificate"),
            _("A file with everything that a gate's decision rests on, and a hash that shows whether it was changed."),
        ),
        Term("promotion", _("Promotion"), _("Making a version the one that serves.")),
        Term("rollback", _("Rollback"), _("Switching back to the version that served before.")),
        Term(
            "serving", _("Serving"), _("One version serves at a time: it writes the next candidates of every campaign.")
        ),
        Term(
            "retraining_rule",
            _("Retraining rule"),
            _("When a campaign retrains automatically, and whether the new version is promoted automatically."),
        ),
        Term("lens", _("Lens"), _("The view of the hidden reward of a pair of texts, token by token.")),
        Term(
            "story",
            _("Story"),
            _("The page that tells how a preference changes a model, with something to try in each part."),
        ),
        Term("lab", _("Lab"), _("The page on which DPO can be tried out: in numbers, and on a real model.")),
    ),
)
INSIDE = Chapter(
    "inside",
    _("Inside the platform"),
    (
        Term("event", _("Event"), _("A record of who changed what and when. Events are never changed.")),
        Term(
            "seat",
            _("Seat"),
            _("An annotator's membership, locked while they act, so that they do one thing at a time there."),
        ),
        Term("tally", _("Tally"), _("The running totals of a campaign, so that pages need not count all rows.")),
        Term(
            "claim",
            _("Claim"),
            _("A worker's ownership of a job. It has a number, so that a worker believed dead can no longer write."),
        ),
        Term(
            "handover",
            _("Handover"),
            _("How one machine is passed between generation and training where both share it."),
        ),
        Term(
            "channel",
            _("Channel"),
            _("A place to serve in. There is one for everybody; each rehearsal has its own."),
        ),
        Term("rehearsal", _("Rehearsal"), _("The whole loop, run with simulated annotators to test it.")),
        Term(
            "lane",
            _("Lane"),
            _("On a CPU, one of several rows that are computed side by side, each on its own share of the cores."),
        ),
        Term("webhook", _("Webhook"), _("An address that is sent a signed message when something happens.")),
    ),
)
CHAPTERS = (LABELING, TRAINING, INSIDE)


def all_terms() -> Iterator[Term]:
    """Every term, chapter by chapter."""
    for chapter in CHAPTERS:
        yield from chapter.terms


_BY_KEY = {term.key: term for term in all_terms()}


def term_of(key: str) -> Term:
    """One term. Raises KeyError."""
    return _BY_KEY[key]
