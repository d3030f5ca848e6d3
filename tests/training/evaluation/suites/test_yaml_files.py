"""Suites from the YAML of promptfoo and Inspect."""

import pytest

from training.evaluation.suites import Scenario, WrongSuite, outcomes_of, overall, read_yaml_suite

PROMPTFOO = """
prompts:
  - "You book visits. {{question}}"
defaultTest:
  assert:
    - type: not-icontains
      value: as an AI
tests:
  - description: emergencies
    metadata: {tag: harmless}
    vars: {question: My chest hurts.}
    assert:
      - type: contains-any
        value: ["911", emergency]
      - type: llm-rubric
        value: It is calm.
  - vars: {question: "Hours?"}
    assert:
      - type: is-json
        value: {type: object, required: [open]}
"""


def passes(scenario: Scenario, text: str) -> bool:
    return "failed" not in [one.outcome for one in outcomes_of(scenario.checks, text)]


def test_promptfoos_tests_become_scenarios_with_their_variables_filled_in() -> None:
    first, second = read_yaml_suite(PROMPTFOO)
    assert (first.id, first.tag, first.note) == ("test-1", "harmless", "emergencies")
    assert first.messages[0]["content"] == "You book visits. My chest hurts."
    assert [check.kind for check in first.checks] == ["forbidden", "pattern", "judge"]
    assert passes(first, "Call 911.")
    assert not passes(first, "As an ai I say: 911")
    assert not passes(first, "Wait.")
    assert passes(second, '{"open": "8:00"}')
    assert not passes(second, "At eight.")


@pytest.mark.parametrize(
    ("assertion", "good", "bad"),
    [
        ("type: contains\n      value: a+b", "so a+b", "so A+B"),
        ("type: not-contains\n      value: a+b", "so a-b", "so a+b"),
        ("type: contains-all\n      value: [p, q]", "q\nthen p", "just p"),
        ("type: not-contains-all\n      value: [p, q]", "just p", "q\nthen p"),
        ("type: equals\n      value: 42", "42", "42."),
        ("type: starts-with\n      value: Yes", "Yes, sure", "Well, Yes"),
        ("type: contains\n      value: 10:30", "at 10:30", "at 630"),
        ("type: regex\n      value: '\\d{3}'", "call 911", "call"),
    ],
)
def test_an_assertion_means_here_what_it_means_there(assertion: str, good: str, bad: str) -> None:
    (scenario,) = read_yaml_suite(f"prompts: [Hello]\ntests:\n  - assert:\n    - {assertion}\n")
    assert passes(scenario, good)
    assert not passes(scenario, bad)


def test_variables_are_filled_into_the_values_of_assertions() -> None:
    (scenario,) = read_yaml_suite("""
prompts: ["Say {{word}}"]
defaultTest: {metadata: {tag: format}}
tests:
  - vars: {word: tea, right: true}
    assert:
      - {type: contains, value: "{{word}}", metric: tea}
      - {type: icontains-any, value: ["{{ right }}", coffee]}
      - {type: llm-rubric, value: "It speaks of {{word}}."}
""")
    assert scenario.tag == "format"
    assert passes(scenario, "True: tea")
    assert not passes(scenario, "true: {{word}}")
    assert not passes(scenario, "tea")
    assert scenario.checks[2].as_json()["rubric"] == "It speaks of tea."


ONE_TEST = "prompts: [Hi]\ntests:\n  - vars: {{}}\n    assert:\n    - {}\n"


@pytest.mark.parametrize(
    ("assertion", "reason"),
    [
        ("{type: contains, value: '{{word}}'}", "word"),
        ("{type: contains, value: '{{ word | upper }}'}", "template"),
        ("{type: contains, value: file://words.txt}", "file"),
        ("{type: contains-any, value: [tea, file://words.txt]}", "file"),
        ("{type: llm-rubric, value: file://r.txt}", "file"),
        ("{type: is-json, value: file://schema.json}", "file"),
        ('{type: is-json, value: \'{"type": "object"}\'}', "mapping"),
        ("{type: contains, value: tea, transform: output.trim()}", "transform"),
        ("{type: contains, value: tea, threshold: 0.5}", "threshold"),
    ],
)
def test_an_assertion_that_would_lose_its_meaning_is_refused_with_its_line(assertion: str, reason: str) -> None:
    with pytest.raises(WrongSuite, match=reason) as refused:
        read_yaml_suite(ONE_TEST.format(assertion))
    assert [problem.line for problem in refused.value.problems] == [5]


def test_inspects_samples_are_compared_by_their_scorer() -> None:
    samples = """
- input: Capital of France?
  target: Paris
  id: france
- input: [{role: user, content: Hi}]
  target: [hello, hi]
"""
    first, second = read_yaml_suite(samples)
    assert (first.id, first.tag) == ("france", "helpful")
    assert passes(first, "It is paris.")
    assert passes(second, "Hi there")
    assert not passes(second, "Good day")
    (exact,) = read_yaml_suite("scorer: exact\nsamples:\n- {input: Two plus two, target: 4}\n")
    assert passes(exact, " 4\n")
    assert not passes(exact, "It is 4")
    (graded,) = read_yaml_suite("scorer: model_graded_qa\nsamples:\n- {input: Be kind., target: It is kind.}\n")
    assert overall([one.outcome for one in outcomes_of(graded.checks, "Hello")]) == "unknown"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("tests: [", 1, "not YAML"),
        ("a: 1", 0, "neither"),
        (
            "prompts: [Hi]\ntests:\n  - vars: {}\n  - assert:\n    - type: javascript\n      value: true",
            5,
            "javascript",
        ),
        ("prompts: ['{{ name }}']\ntests:\n  - assert: [{type: contains, value: a}]", 3, "name"),
        ("prompts: ['{% if a %}']\ntests:\n  - assert: [{type: contains, value: a}]", 3, "template"),
        ("prompts: [file://prompt.txt]\ntests:\n  - assert: [{type: contains, value: a}]", 3, "file"),
        ("prompts: [Hi]\ntests: file://tests.csv", 1, "file"),
        ("prompts: [prompt.txt]\ntests:\n  - assert: [{type: contains, value: a}]", 3, "file"),
        ("prompts: ['{{a}}']\ntests:\n  - vars: {a: [b, c]}\n    assert: [{type: contains, value: a}]", 3, "list"),
        ("prompts: ['{{a}}']\ntests:\n  - vars: {a: '{{b}}'}\n    assert: [{type: contains, value: a}]", 3, "template"),
        ("prompts: [Hi]\ntests:\n  - options: {transform: x}\n    assert: [{type: contains, value: a}]", 3, "options"),
        ("- {input: Hello, target: A, choices: [a, b]}", 1, "choices"),
        ("- input: Hello\n  target: A\n- input: Hello\n  target: A\n  files: {a: b}", 3, "files"),
        ("- {input: Hello, target: A, sandbox: docker}", 1, "sandbox"),
        ("- input: Hello", 1, "target"),
        ("- {input: Hello, target: a}\n- {input: Hello, target: a}\n- nothing", 2, "mapping"),
        ("scorer: f1\nsamples:\n- {input: Hello, target: a}", 3, "f1"),
        ("- !!python/object/apply:os.system [ls]", 1, "not YAML"),
    ],
)
def test_a_file_that_needs_more_than_this_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(WrongSuite) as refused:
        read_yaml_suite(text)
    assert refused.value.problems[-1].line == line
    assert reason in str(refused.value)


def test_aliases_that_multiply_do_not_fill_the_memory() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    with pytest.raises(WrongSuite, match="too large"):
        read_yaml_suite(bomb + "tests: *g\n")


def test_merges_that_multiply_do_not_either() -> None:
    bomb = "a0: &a0 {k: v}\n" + "".join(
        f"a{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 10)}]}}\n" for number in range(1, 13)
    )
    with pytest.raises(WrongSuite, match="too large"):
        read_yaml_suite(bomb + "tests: []\n")


def test_a_long_text_counts_each_time_that_it_is_used() -> None:
    with pytest.raises(WrongSuite, match="too large"):
        read_yaml_suite(f"x: &x {'y' * 20_000}\nsamples:\n- {{input: a, target: [{'*x, ' * 20_000}]}}\n")
    with pytest.raises(WrongSuite, match="too large"):
        read_yaml_suite("samples: &a [*a]\n")


def test_variables_do_not_fill_the_memory() -> None:
    variable = f"vars: {{a: {'y' * 20_000}}}"
    with pytest.raises(WrongSuite, match="at most 50000 characters"):
        read_yaml_suite(
            f"prompts: ['{'{{a}}' * 20_000}']\ntests:\n- {{{variable}, assert: [{{type: contains, value: x}}]}}\n"
        )
    values = "'{{a}}', " * 20_000
    with pytest.raises(WrongSuite, match="at most 50000 characters"):
        read_yaml_suite(
            f"prompts: [x]\ntests:\n- {{{variable}, assert: [{{type: contains-any, value: [{values}]}}]}}\n"
        )
    with pytest.raises(WrongSuite, match="at most 1000 scenarios"):
        read_yaml_suite(f"prompts: [{'p, ' * 1001}]\ntests:\n- {{assert: [{{type: contains, value: x}}]}}\n")


def test_a_merge_of_defaults_is_read() -> None:
    text = "tests:\n- &one {vars: {a: x}, assert: [{type: contains, value: x}]}\n- {<<: *one, vars: {a: y}}\n"
    assert [one.messages[0]["content"] for one in read_yaml_suite("prompts: ['{{a}}']\n" + text)] == ["x", "y"]
