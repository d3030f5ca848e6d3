"""Rankings become comparisons by a choice; single completions of one prompt find each other."""

import io
from typing import Any, Literal

import pytest

from labeling.exchange import (
    CompletionText,
    DropReport,
    ImportedComparison,
    ReadLimits,
    Rejected,
    VerdictRecord,
    WriteOptions,
    read_comparisons,
    writer,
)
from tests.labeling.exchange.builders import as_lines, message, read

ASKED = "Name two fruits."
NECTAR = {
    "prompt": f"\n\nHuman: {ASKED}\n\nAssistant: ",
    "answers": [
        {"answer": text, "model": f"m{rank}", "rank": float(rank)} for rank, text in ((2, "B"), (1, "A"), (3, "C"))
    ],
    "turns": 1,
}


def pairs(record: dict[str, Any], ranking: Literal["best-worst", "all", "neighbours"]) -> list[tuple[str, str]]:
    entries = list(read_comparisons(io.BytesIO(as_lines([record])), limits=ReadLimits(ranking=ranking)))
    assert all(isinstance(one, ImportedComparison) for one in entries), entries
    return [(one.first.text, one.second.text) for one in entries if isinstance(one, ImportedComparison)]


def test_a_ranking_becomes_comparisons_by_choice() -> None:
    assert pairs(NECTAR, "best-worst") == [("A", "C")]
    assert pairs(NECTAR, "neighbours") == [("A", "B"), ("B", "C")]
    assert pairs(NECTAR, "all") == [("A", "B"), ("A", "C"), ("B", "C")]


def test_ranks_and_scores_stay_with_their_completion() -> None:
    [comparison] = read([NECTAR])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.prompt == [message("user", ASKED)]
    assert (comparison.first.model, comparison.first.metadata) == ("m1", {"rank": 1.0})
    assert comparison.metadata == {"turns": 1}


def test_ultrafeedback_orders_by_score_and_equal_scores_tie() -> None:
    completions = [{"model": "m", "response": text, "overall_score": score} for text, score in (("A", 5), ("B", 9))]
    [comparison] = read([{"instruction": ASKED, "completions": completions}])
    assert isinstance(comparison, ImportedComparison)
    assert (comparison.first.text, comparison.preference) == ("B", "first")
    for one in completions:
        one["overall_score"] = 3
    [tied] = read([{"instruction": ASKED, "completions": completions}])
    assert isinstance(tied, ImportedComparison)
    assert tied.preference == "tie"


def oasst(number: int, parent: int | None, text: str, role: str, rank: int | None = None) -> dict[str, Any]:
    name = None if parent is None else f"t{parent}"
    return {"message_id": f"t{number}", "parent_id": name, "text": text, "role": role, "rank": rank}


MESSAGES = [
    oasst(1, None, ASKED, "prompter"),
    oasst(2, 1, "Plums and pears.", "assistant", 0),
    oasst(3, 1, "No.", "assistant", 1),
    oasst(4, 2, "Thanks. Another?", "prompter"),
    oasst(5, 4, "An apple.", "assistant", 1),
    oasst(6, 4, "A cherry.", "assistant", 0),
]


def tree(messages: list[dict[str, Any]]) -> dict[str, Any]:
    nodes = {one["message_id"]: {**one, "replies": []} for one in messages}
    for one in messages:
        if one["parent_id"]:
            nodes[one["parent_id"]]["replies"].append(nodes[one["message_id"]])
    return {"message_tree_id": "t1", "prompt": nodes["t1"]}


@pytest.mark.parametrize("records", [MESSAGES, [tree(MESSAGES)]])
def test_a_tree_gives_a_comparison_at_each_ranked_turn(records: list[dict[str, Any]]) -> None:
    first, later = read(records)
    assert isinstance(first, ImportedComparison)
    assert (first.first.text, first.second.text, first.external_id) == ("Plums and pears.", "No.", "t1")
    assert isinstance(later, ImportedComparison)
    assert [turn["role"] for turn in later.prompt] == ["user", "assistant", "user"]
    assert (later.first.text, later.second.text) == ("A cherry.", "An apple.")


def test_a_reply_whose_message_is_missing_refuses_its_tree_alone() -> None:
    records = read([*MESSAGES, oasst(7, None, "Else?", "prompter"), oasst(8, 99, "Lost", "assistant", 0)])
    assert [type(one) for one in records] == [ImportedComparison] * 2 + [Rejected] * 2


def helpsteer(response: str, helpfulness: object) -> dict[str, Any]:
    return {"prompt": ASKED, "response": response, "helpfulness": helpfulness, "verbosity": 1}


def test_helpsteer2_pairs_the_responses_of_neighbouring_lines() -> None:
    records = read([helpsteer("A", 1), helpsteer("B", 4), {**helpsteer("C", 3), "prompt": "Else?"}])
    assert isinstance(records[0], ImportedComparison)
    assert (records[0].first.text, records[0].first.metadata) == ("B", {"helpfulness": 4, "verbosity": 1})
    assert isinstance(records[1], Rejected)
    assert (records[1].line, records[1].code) == (3, "single")


def kto(text: str, label: object, prompt: str = ASKED) -> dict[str, Any]:
    return {"prompt": prompt, "completion": text, "label": label}


@pytest.mark.parametrize(
    ("good", "bad"),
    [("desirable", "undesirable"), ("Good", "bad"), ("thumbs_up", "thumbs-down"), ("Thumbs up", "THUMBS DOWN")],
)
def test_labels_may_be_words(good: str, bad: str) -> None:
    [one] = read([kto("B", bad), kto("A", good)])
    assert isinstance(one, ImportedComparison)
    assert (one.second.text, one.preference) == ("A", "second")
    talk = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    other = [*talk[:1], {"role": "assistant", "content": "B"}]
    [two] = read([{"messages": talk, "label": good}, {"messages": other, "label": bad}])
    assert isinstance(two, ImportedComparison)
    assert two.preference == "first"


def test_another_word_is_refused_with_those_that_are_known() -> None:
    for one in read([kto("A", "fine"), kto("B", "poor")]):
        assert isinstance(one, Rejected)
        assert "desirable or undesirable, good or bad, thumbs_up or thumbs_down" in str(one.reason)


def test_kto_lines_are_paired_by_prompt() -> None:
    assert [(one.first.text, one.preference) for one in read([kto("A", True), kto("B", False)])] == [("A", "first")]  # type: ignore[union-attr]
    [bad] = read([kto("A", False), kto("B", False)])
    assert isinstance(bad, ImportedComparison)
    assert bad.preference == "both_bad"
    sorted_labels = read([kto("A", True), kto("B", True), kto("C", False), kto("D", False)])
    assert [(one.first.text, one.second.text) for one in sorted_labels if isinstance(one, ImportedComparison)] == [
        ("A", "C"),
        ("B", "D"),
    ]
    alone = read([kto("A", True), kto("B", False, "Else?"), kto("C", True, "Else?"), kto("D", "maybe", "Third?")])
    assert [type(one) for one in alone] == [Rejected, ImportedComparison, Rejected]


MODELS = {"chosen_model": "v2", "rejected_model": "v1", "source": "import", "pair": "c0ffee"}


def test_two_labels_say_which_model_wrote_which_completion() -> None:
    [one] = read([kto("A", False) | MODELS, kto("B", True) | MODELS])
    assert isinstance(one, ImportedComparison)
    assert [(side.text, side.model, side.metadata) for side in (one.first, one.second)] == [
        ("A", "v1", None),
        ("B", "v2", None),
    ]
    assert one.metadata == {"source": "import", "pair": "c0ffee"}


def test_models_that_cannot_be_told_apart_stay_in_the_metadata() -> None:
    [bad] = read([kto("A", False) | MODELS, kto("B", False) | MODELS])
    [own] = read([kto("A", True) | MODELS | {"model": "v3"}, kto("B", False) | MODELS])
    for one, models in ((bad, ("", "")), (own, ("v3", ""))):
        assert isinstance(one, ImportedComparison)
        assert ((one.first.model, one.second.model), one.metadata) == (models, MODELS)


def test_our_own_labels_with_extras_are_the_pair_again() -> None:
    record = VerdictRecord([message("user", ASKED)], CompletionText("A", "v1"), CompletionText("B", "v2"), "b")
    options = WriteOptions(extras=True)
    kto_file, trl_file = (
        b"".join(writer(dialect).write([record], DropReport(), options)) for dialect in ("kto", "trl")
    )
    [[back], [pair]] = read(kto_file), read(trl_file)
    assert isinstance(back, ImportedComparison)
    assert isinstance(pair, ImportedComparison)
    assert (back.first, back.second, back.metadata) == (record.a, record.b, pair.metadata)


@pytest.mark.parametrize(
    "record",
    [
        {**NECTAR, "answers": []},
        {**NECTAR, "answers": "none"},
        {**NECTAR, "answers": [{"answer": "A", "rank": "first"}] * 2},
        {**NECTAR, "answers": [{"answer": "A", "rank": [1]}] * 2},
        {**NECTAR, "answers": [{"answer": "A", "rank": 1}, {"answer": "A", "rank": 2}]},
        {"instruction": ASKED, "completions": [{"response": "A"}, {"response": "B"}]},
        {"prompt": {"text": ASKED, "replies": []}},
        {"prompt": {"text": ASKED, "replies": {"a": 1}}},
    ],
)
def test_a_ranking_that_orders_nothing_is_refused(record: dict[str, Any]) -> None:
    [rejected] = read([record])
    assert isinstance(rejected, Rejected)
    assert rejected.code != "unexpected"
