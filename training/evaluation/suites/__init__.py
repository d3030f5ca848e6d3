"""Scenario suites: prompts with expectations, checked alike for every version. No Django, no Celery, no table."""

from training.evaluation.suites.answers import decided_by_people, question_of, with_answers
from training.evaluation.suites.checks import (
    Check,
    CheckOutcome,
    JudgeCheck,
    Outcome,
    PersonCheck,
    outcomes_of,
    overall,
    parse_check,
)
from training.evaluation.suites.errors import Problem, WrongScenario, WrongSuite
from training.evaluation.suites.figures import Changes, TagFigures, changes, figures_by_tag, figures_of
from training.evaluation.suites.judging import (
    LEAST_COMPARED,
    JudgeFigures,
    JudgeOpinion,
    judge_figures,
    judge_messages,
    lacks_opinion,
)
from training.evaluation.suites.pairwise import choice_messages, opinion_of_choices, opinion_of_rewards
from training.evaluation.suites.scenarios import (
    MUST_HOLD,
    TAGS,
    Scenario,
    parse_scenario,
    read_suite,
    suite_hash,
    write_suite,
)
from training.evaluation.suites.shipped import SHIPPED, shipped_suite
from training.evaluation.suites.yaml_files import read_yaml_suite

__all__ = [
    "LEAST_COMPARED",
    "MUST_HOLD",
    "SHIPPED",
    "TAGS",
    "Changes",
    "Check",
    "CheckOutcome",
    "JudgeCheck",
    "JudgeFigures",
    "JudgeOpinion",
    "Outcome",
    "PersonCheck",
    "Problem",
    "Scenario",
    "TagFigures",
    "WrongScenario",
    "WrongSuite",
    "changes",
    "choice_messages",
    "decided_by_people",
    "figures_by_tag",
    "figures_of",
    "judge_figures",
    "judge_messages",
    "lacks_opinion",
    "opinion_of_choices",
    "opinion_of_rewards",
    "outcomes_of",
    "overall",
    "parse_check",
    "parse_scenario",
    "question_of",
    "read_suite",
    "read_yaml_suite",
    "shipped_suite",
    "suite_hash",
    "with_answers",
    "write_suite",
]
