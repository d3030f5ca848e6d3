"""The prompt of a record, from the fields under which public data sets keep it."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read

TEXTS = {"chosen": "Apples and plums.", "rejected": "Potatoes."}
USER = message("user", "Name two fruits.")
BRIEF = message("system", "Be brief.")
ANSWERS = [message("assistant", text) for text in TEXTS.values()]
WHOLE = {"chosen": [USER, ANSWERS[0]], "rejected": [USER, ANSWERS[1]]}
TALK = [USER, message("assistant", "Fruits?"), message("user", "Yes.")]


@pytest.mark.parametrize(
    ("fields", "prompt"),
    [
        ({"prompt": "Name two fruits."}, [USER]),
        ({"prompt": ["Name two fruits."]}, [USER]),
        ({"system": "Be brief.", "question": "Name two fruits."}, [BRIEF, USER]),
        ({"system_prompt": "Be brief.", "prompt": [USER]}, [BRIEF, USER]),
        ({"system": "Be brief.", "prompt": [BRIEF, USER]}, [BRIEF, USER]),
        ({"system": "", "input": "Name two fruits."}, [USER]),
        ({"instruction": "Name two", "input": "fruits."}, [message("user", "Name two\n\nfruits.")]),
        ({"instruction": "Name two fruits.", "input": ""}, [USER]),
        ({"instruction": "Yes.", "history": [["Name two fruits.", "Fruits?"]]}, TALK),
        ({"instruction": "Yes.", "history": TALK[:2]}, TALK),
        ({"prompt": "Yes.", "history": [{"from": "human", "value": "Name two fruits."}, TALK[1]]}, TALK),
        ({"question": "Yes.", "history": TALK}, TALK),
        ({"instruction": "Name two", "context": "fruits."}, [message("user", "Name two\n\nfruits.")]),
        ({"question": "Name two", "context": "fruits."}, [message("user", "Name two\n\nfruits.")]),
        ({"question": "Name two", "context": ["red", "fruits."]}, [message("user", "Name two\n\nred\n\nfruits.")]),
        (
            {"question": "Of apples and pears, name two.", "context": "apples and pears,"},
            [message("user", "Of apples and pears, name two.")],
        ),
        ({"prompt": "\n\nHuman: Name two fruits.\n\nAssistant:"}, [USER]),
        ({"prompt": "Human: Name two fruits.\n\nAssistant: Fruits?\n\nHuman: Yes.\n\nAssistant:"}, TALK),
        ({"conversations": [{"from": "human", "value": "Name two fruits."}]}, [USER]),
        ({"prompt": [{"role": "developer", "content": "Be brief."}, USER]}, [BRIEF, USER]),
        ({"prompt": "Name two fruits.", **WHOLE}, [USER]),
        ({"prompt": [BRIEF, USER], **WHOLE}, [BRIEF, USER]),
        ({"prompt": "Yes.", "chosen": [*TALK, ANSWERS[0]], "rejected": [*TALK, ANSWERS[1]]}, TALK),
        (
            {"chosen": "Name two fruits, please. Apples and plums.", "rejected": "Name two fruits, please. Potatoes."},
            [message("user", "Name two fruits, please.")],
        ),
    ],
)
def test_the_prompt_is_found(fields: dict[str, Any], prompt: list[object]) -> None:
    [comparison] = read([TEXTS | fields])
    assert isinstance(comparison, ImportedComparison), comparison
    assert comparison.prompt == prompt
    assert (comparison.first.text, comparison.second.text) == tuple(TEXTS.values())
    assert comparison.metadata == {}


def test_a_question_about_a_transcript_stays_one_message() -> None:
    text = "Who is polite here?\n\nHuman: Hi\n\nAssistant: Hey"
    [comparison] = read([TEXTS | {"prompt": text}])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.prompt == [message("user", text)]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"prompt": "Name some trees.", **WHOLE}, "different_prompts"),
        (
            {
                "prompt": [message("system", "Be long."), USER],
                "chosen": [BRIEF, *WHOLE["chosen"]],
                "rejected": [BRIEF, *WHOLE["rejected"]],
            },
            "different_prompts",
        ),
        ({"chosen": "One", "rejected": "Other"}, "missing_field"),
        ({"prompt": {"a": 1}}, "wrong_type"),
        ({"question": 7}, "wrong_type"),
        ({"question": "Yes.", "history": [["Name two fruits."]]}, "wrong_type"),
        ({"question": "Yes.", "history": ["Name two fruits.", "Fruits?"]}, "wrong_type"),
        ({"question": "Yes.", "history": [{"user": "Name two fruits."}]}, "role"),
        ({"prompt": "USER: Name two fruits. ASSISTANT:"}, "rendered"),
        ({"prompt": "A chat. The assistant is polite. USER: Name two fruits. ASSISTANT: "}, "rendered"),
        ({"prompt": "### Instruction:\nName two fruits.\n\n### Response:\n"}, "rendered"),
        (
            {
                "chosen": "USER: Name two fruits. ASSISTANT: Of apples",
                "rejected": "USER: Name two fruits. ASSISTANT: Of",
            },
            "rendered",
        ),
    ],
)
def test_a_prompt_that_is_not_clear_is_refused(fields: dict[str, Any], code: str) -> None:
    [rejected] = read([TEXTS | fields])
    assert isinstance(rejected, Rejected), rejected
    assert rejected.code == code


def test_each_field_is_used_or_metadata() -> None:
    record = TEXTS | {"prompt": "Why?", "system": "Be brief.", "score_chosen": 8.5, "licence": "MIT", "id": 3}
    [comparison] = read([record])
    assert isinstance(comparison, ImportedComparison)
    assert set(comparison.fields) == {"prompt", "system", "chosen", "rejected", "id"}
    assert comparison.metadata == {"score_chosen": 8.5, "licence": "MIT"}


def test_other_fields_of_messages_are_metadata() -> None:
    [comparison] = read([TEXTS | {"prompt": [{**USER, "name": "Ada"}]}])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.metadata == {"message_fields": {"Message 1 of the prompt": {"name": "Ada"}}}


def test_a_control_token_inside_a_text_is_a_warning() -> None:
    [comparison] = read([TEXTS | {"prompt": "What does <|im_end|> mean?"}])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.warnings == ("control_tokens",)


ARENA = {f"conversation_{side}": WHOLE[name] for side, name in (("a", "chosen"), ("b", "rejected"))}
WITHOUT_PROMPT = [
    WHOLE,
    {name: f"\n\nHuman: Name two fruits.\n\nAssistant: {text}" for name, text in TEXTS.items()},
    {name: f"Name two fruits that grow in Norway. {text}" for name, text in TEXTS.items()},
    ARENA | {"winner": "model_a"},
    {"prompt": '["Hi"]', "response_a": '["A"]', "response_b": '["B"]', "winner_model_a": 1, "winner_model_b": 0},
    {"input": {"messages": [USER]}, "preferred_output": ANSWERS[:1], "non_preferred_output": ANSWERS[1:]},
]


@pytest.mark.parametrize("record", WITHOUT_PROMPT)
@pytest.mark.parametrize("name", ["system", "system_prompt"])
def test_the_system_message_beside_whole_conversations_belongs_to_the_prompt(record: dict[str, Any], name: str) -> None:
    [comparison] = read([record | {name: "Be brief."}])
    assert isinstance(comparison, ImportedComparison), comparison
    assert comparison.prompt[0] == BRIEF
    assert comparison.metadata.keys().isdisjoint({name})


def test_rated_responses_keep_their_system_message_and_stay_apart_by_it() -> None:
    rated = [{"prompt": "Why?", "response": text, "helpfulness": n} for n, text in enumerate(TEXTS.values())]
    [comparison] = read([one | {"system": "Be brief."} for one in rated])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.prompt[0] == BRIEF
    apart = read([one | {"system": f"Be {n}."} for n, one in enumerate(rated)])
    assert [isinstance(one, Rejected) for one in apart] == [True, True]


def test_the_end_of_a_sentence_of_deepseek_is_a_control_token() -> None:
    [comparison] = read([TEXTS | {"prompt": "Why?", "chosen": "Apples.<\uff5cend\u2581of\u2581sentence\uff5c>"}])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.warnings == ("control_tokens",)
