"""The report of a rehearsal in words."""

from training.management.commands.rehearse import in_words


def test_a_report_names_versions_and_figures() -> None:
    report = {
        "round": 1,
        "parent": "base",
        "version": "rehearsal-v1",
        "rule_sentence": "Prefers the shorter.",
        "labels": {"judgments": 30, "comparisons": 10, "settled": 9, "train_pairs": 7, "test_pairs": 2},
        "verdict_accuracy": {"value": 0.9},
        "held_out": {"reward_accuracy": 0.75, "reward_accuracy_low": 0.5, "reward_accuracy_high": 0.9},
        "win_rate": {"value": 0.6, "low": 0.4, "high": 0.8, "held_out_prompts": 12},
        "kl": {"k3": 1.25},
        "seconds": {"total": 9.5},
    }
    text = in_words(report)
    assert "Round 1: base -> rehearsal-v1" in text
    assert "30 judgments of 10 comparisons, 9 settled; 7 pairs to train on, 2 held out" in text
    assert "0.750 [0.500, 0.900]" in text
    assert "1.25 nats" in text
