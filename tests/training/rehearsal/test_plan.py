"""The settings of a rehearsal."""

from training.models import DEFAULT_RULES, parse_rules
from training.rehearsal import PREFERENCE_RULES, RehearsalPlan

RULE = PREFERENCE_RULES["shorter"]


def test_the_gate_is_the_default_one_but_must_ask_people() -> None:
    rules = {rule.figure: rule for rule in parse_rules(RehearsalPlan(RULE, pairs_per_prompt=9).gate_rules(150))}

    assert rules["people"].on_missing == "hold"
    same = [rule for rule in DEFAULT_RULES if rule.figure != "people"]
    assert [rules[rule.figure] for rule in same] == same


def floor_of_pairs(plan: RehearsalPlan, prompts: int) -> float:
    return next(rule.limit for rule in parse_rules(plan.gate_rules(prompts)) if rule.figure == "pairs")


def test_a_small_rehearsal_demands_fewer_held_out_pairs() -> None:
    assert floor_of_pairs(RehearsalPlan(RULE), 20) == 10
    assert 10 < floor_of_pairs(RehearsalPlan(RULE), 120) < 50
    assert floor_of_pairs(RehearsalPlan(RULE, least_pairs=33), 120) == 33


def test_a_rehearsal_can_allow_a_fall_of_held_out_accuracy() -> None:
    rules = {rule.figure: rule for rule in parse_rules(RehearsalPlan(RULE, allowed_fall=0.05).gate_rules(120))}
    assert rules["difference_to_parent_high"].limit == -0.05
