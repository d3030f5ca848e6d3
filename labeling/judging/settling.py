"""How the votes on a comparison become a verdict, a conflict, or a call for one more vote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.database.prepared import insert
from labeling.models import Campaign, Comparison, Verdict, Winner
from labeling.queries.estimates import Vote, estimates_of, verdict_posterior, votes_on
from labeling.stats import RULES, AdaptiveOverlap, leaned

Rule = Campaign.VerdictRule


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a campaign's rule about a comparison.

    winner: None: the rule finds none. how: the rule's name, or conflict. certainty: P(the likeliest verdict), for
    Dawid-Skene only.
    """

    winner: str | None
    confidence: float
    how: str
    certainty: float | None = None


def settle(comparison: Comparison, campaign: Campaign, now: datetime) -> Verdict | None:
    """Applies the campaign's rule once the comparison has all its judgments. The comparison must be locked.

    Changes the comparison without saving it. Writes and returns the verdict if there is one. With adaptive overlap an
    uncertain comparison calls for one more vote instead.
    """
    if comparison.judged < comparison.overlap:
        return None
    decision = decide(comparison, campaign)
    if wants_more(comparison, campaign, decision):
        comparison.overlap += 1
        return None
    if decision.winner is None:
        comparison.status = Comparison.Status.CONFLICT
        return None
    comparison.status = Comparison.Status.SETTLED
    verdict = Verdict(**verdict_values(comparison, decision), comparison=comparison, settled_at=now)
    insert(verdict)
    return verdict


def decide(comparison: Comparison, campaign: Campaign, votes: Sequence[Vote] | None = None) -> Decision:
    """Applies the campaign's rule. votes: those on the comparison, if the caller has read them already."""
    if campaign.verdict_rule != Rule.DAWID_SKENE:
        result = RULES[campaign.verdict_rule](comparison.votes)
        return Decision(result.winner, leaned(result, comparison.lean), result.how)
    cast = votes_on([comparison.pk])[comparison.pk] if votes is None else votes
    a, tie, b = (float(probability) for probability in verdict_posterior(cast, estimates_of(campaign)))
    certainty = max(a, tie, b)
    if not cast or certainty < campaign.verdict_threshold:
        return Decision(None, certainty, "conflict", certainty)
    if certainty == tie:
        winner = Winner.BOTH_BAD if comparison.votes_both_bad > comparison.votes_tie else Winner.TIE
        return Decision(winner, tie, Rule.DAWID_SKENE, certainty)
    # As everywhere, a tie is half a preference for each side.
    return Decision(Winner.A if certainty == a else Winner.B, certainty + tie / 2, Rule.DAWID_SKENE, certainty)


def verdict_values(comparison: Comparison, decision: Decision) -> dict[str, Any]:
    """The fields of the verdict that follows from a decision."""
    return {
        "campaign_id": comparison.campaign_id,
        "winner": decision.winner,
        "confidence": decision.confidence,
        "votes": comparison.votes,
        "settled_by": decision.how,
    }


def shrink(comparison: Comparison, campaign: Campaign) -> None:
    """Removes places that adaptive overlap had added and nobody holds, after a vote was taken back.

    A comparison with priority keeps its places: a lead may have asked for them.
    """
    if campaign.max_overlap is not None and not comparison.priority:
        comparison.overlap = max(min(comparison.overlap, campaign.overlap), comparison.taken)


def verdict_as_json(verdict: Verdict | None) -> dict[str, Any]:
    """A verdict as the event log holds it; {}: none."""
    if verdict is None:
        return {}
    return {"winner": str(verdict.winner), "confidence": verdict.confidence, "settled_by": str(verdict.settled_by)}


def wants_more(comparison: Comparison, campaign: Campaign, decision: Decision) -> bool:
    """Whether adaptive overlap calls for one more vote."""
    most = campaign.max_overlap
    if most is None or comparison.overlap >= most:
        return False
    if decision.certainty is not None:
        return decision.certainty < campaign.verdict_threshold
    if campaign.verdict_rule == Rule.UNANIMITY and decision.winner is None:
        return False  # no further vote can make them unanimous
    rule = AdaptiveOverlap(
        threshold=campaign.verdict_threshold,
        minimum=campaign.overlap,
        maximum=most,
        error_rate=campaign.error_rate,
        ties=campaign.allow_tie or campaign.allow_both_bad,
    )
    return rule.wants_more(comparison.votes)
