"""Suites from YAML as promptfoo and Inspect have it: what can be checked here is taken over, the rest is refused.

promptfoo: `prompts` with {{variables}}, `tests` with `vars`, `assert` and `metadata`, and `defaultTest`.
Inspect: a list of samples (or `samples`) with `input`, `target`, `id` and `metadata`; `scorer` says how the target is
compared.
A sample or a test may give its `checks` in the form of a suite's own file. The tag is `tag` or `metadata.tag`.
"""

from collections.abc import Mapping
from typing import Any

import regex

from training.evaluation.suites.errors import Problem, WrongScenario, WrongSuite, gettext_noop
from training.evaluation.suites.promptfoo import from_promptfoo
from training.evaluation.suites.scenarios import Scenario, collected
from training.evaluation.suites.yaml_values import DEFAULT_TAG, as_text, loaded, records_of, require_known, tag_of

NO_TESTS = gettext_noop("There are neither “tests” (promptfoo) nor “samples” or a list of them (Inspect).")
NO_TARGET = gettext_noop("A sample needs a “target”, or “checks”.")
NO_SCORER = gettext_noop("The scorer “%(scorer)s” cannot be carried out here. These can: %(scorers)s.")
NO_INPUT = gettext_noop("A sample needs an “input”: a text or a list of messages.")

SCORERS = ("includes", "exact", "pattern", "model_graded_qa")
SAMPLE_KEYS = ("id", "input", "target", "metadata", "tag", "checks")


def read_yaml_suite(text: str) -> list[Scenario]:
    """The scenarios of a YAML file of promptfoo's or Inspect's kind. Raises WrongSuite, which names the lines."""
    document = loaded(text)
    if isinstance(document, Mapping) and "tests" in document:
        return collected(from_promptfoo(document))
    samples = document.get("samples", document.get("dataset")) if isinstance(document, Mapping) else document
    if not isinstance(samples, list):
        raise WrongSuite([Problem(0, NO_TESTS)])
    scorer = document.get("scorer", "includes") if isinstance(document, Mapping) else "includes"
    return collected(records_of(samples, lambda number, sample: [_of_sample(number, sample, scorer)]))


def _of_sample(number: int, sample: Mapping[str, Any], scorer: Any) -> dict[str, Any]:
    require_known(sample, SAMPLE_KEYS)
    given = sample.get("input")
    if isinstance(given, str):
        messages: list[Any] = [{"role": "user", "content": given}]
    elif isinstance(given, list):
        messages = given
    else:
        raise WrongScenario(NO_INPUT)
    checks = sample["checks"] if "checks" in sample else [_of_target(sample.get("target"), scorer)]
    identity = str(sample.get("id") or f"sample-{number}")
    return {"id": identity, "tag": tag_of(sample) or DEFAULT_TAG, "messages": messages, "checks": checks}


def _of_target(target: Any, scorer: Any) -> dict[str, Any]:
    targets = (
        [as_text(one) for one in target] if isinstance(target, list) else [] if target is None else [as_text(target)]
    )
    if not targets:
        raise WrongScenario(NO_TARGET)
    if scorer == "pattern":
        return {"kind": "pattern", "pattern": "|".join(f"(?:{one})" for one in targets)}
    if scorer == "model_graded_qa":
        return {"kind": "judge", "rubric": "The answer agrees with this criterion: " + " / ".join(targets)}
    either = "|".join(map(regex.escape, targets))
    if scorer == "includes":
        return {"kind": "pattern", "pattern": either}
    if scorer == "exact":
        return {"kind": "pattern", "pattern": rf"\A\s*(?:{either})\s*\Z"}
    raise WrongScenario(NO_SCORER, scorer=scorer, scorers=", ".join(SCORERS))
