"""The bodies of the requests of the role tests."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

JSON = "application/json"
SCENARIO = {
    "id": "thanks",
    "tag": "helpful",
    "messages": [{"role": "user", "content": "Thank you!"}],
    "checks": [{"kind": "length", "most": 200}],
}
# The JSON bodies, then the forms; all other requests have no body.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("api-webhooks", "POST"): {"campaign": "sums", "url": "https://1.1.1.1/hook", "event_types": ["verdict.settled"]},
    ("api-webhook", "PATCH"): {"is_active": False},
    ("api-users", "POST"): {"username": "new", "role": "annotator"},
    ("api-erasure", "POST"): {"confirmation": "alice", "withdraw": True},
    ("api-tokens", "POST"): {"name": "mine", "scopes": ["read", "judge"]},
    ("api-campaigns", "POST"): {"name": "Another", "slug": "another"},
    ("api-campaign", "PATCH"): {"description": "Sums and more"},
    ("api-campaign-status", "POST"): {"status": "paused"},
    ("api-guidelines", "POST"): {"text": "Prefer the true one.", "demand": "read"},
    ("api-read-guidelines", "POST"): {"number": 1},
    ("api-next-practice", "POST"): {"use": "practice"},
    ("api-answer-practice", "POST"): {"choice": "left"},
    ("api-practice-mark", "PUT"): {"winner": "a", "explanation": "Two plus one is **three**.", "use": "practice"},
    ("api-members", "POST"): {"username": "bob", "role": "annotator"},
    ("api-ask", "POST"): {"text": "Is a wrong unit a wrong answer?"},
    ("api-answer", "POST"): {"answer": "Yes.", "publish_as": "Do units count?"},
    ("api-judgment", "POST"): {"choice": "left", "key": "k"},
    ("api-judgment", "PUT"): {"choice": "right", "key": "k"},
    ("api-invitations", "POST"): {"expires_at": (timezone.now() + timedelta(days=7)).isoformat(), "max_uses": 5},
    ("api-adjudicate", "POST"): {"winner": "a", "reason": "It is true."},
    ("api-bulk", "POST"): {"target": "prompts", "kind": "retire", "filter": {}, "reason": "A test."},
    ("api-retire", "POST"): {"reason": "One of them is broken off."},
    ("api-flag-review", "POST"): {"keep": True, "reason": "The name is a made-up one."},
    ("api-gold", "PUT"): {"winner": "a", "reason": "Two plus one is three."},
    ("api-runs", "POST"): {"campaign": "sums"},
    ("api-price", "POST"): {"draws": 2, "minutes": 30},
    ("api-selection", "PUT"): {"shares": {"novelty": 0.3}, "enough": 160},
    ("api-groupings", "POST"): {"name": "Region", "groups": {"North": ["alice"], "South": ["bob"]}},
    ("api-group-jobs", "POST"): {"kind": "measurement", "grouping": "Region"},
    ("api-declare-found", "POST"): {"name": "Found groups"},
    ("api-completion", "POST"): {"messages": [{"role": "user", "content": "What is two plus two?"}], "seed": 7},
    ("api-keep", "POST"): {"messages": [{"role": "user", "content": "What is two plus two?"}]},
    ("api-lens-jobs", "POST"): {
        "version": "sums-v1",
        "prompt": [{"role": "user", "content": "What is 1 plus one?"}],
        "chosen": "It is 2.",
        "rejected": "Nobody knows.",
    },
    ("api-lab-sessions", "POST"): {
        "prompt": "What is 17 plus 26?",
        "chosen": "Together that is 43.",
        "rejected": "Together that is 42.",
        "watched": ["The answer is 43."],
        "beta": 0.1,
        "steps": 4,
    },
    ("api-lab-steps", "POST"): {"steps": 5},
    ("api-retraining-rule", "PUT"): {"enabled": True, "min_fresh_verdicts": 10},
    ("api-round-plan", "PUT"): {
        "quiet_from": "22:00",
        "quiet_until": "07:00",
        "time_zone": "Europe/Berlin",
        "human_hour": "24.00",
        "currency": "EUR",
        "budget_money": "500.00",
        "target": 0.65,
    },
    ("api-held-prompts", "PUT"): {"share": 0.25},
    ("api-people-gates", "POST"): {"version": "sums-v2", "error": 0.1},
    ("api-suites", "POST"): {"name": "Politeness", "scenarios": [SCENARIO]},
    ("api-suite", "PUT"): {"scenarios": [SCENARIO]},
    ("api-compare-suite-runs", "POST"): {"scenarios": ["calm"]},
    ("api-suite-runs", "POST"): {"version": "sums-v1"},
    ("api-gate", "PUT"): {"rules": [{"figure": "pairs", "floor": 30}]},
}
FORMS: dict[str, dict[str, str]] = {
    "export_dataset": {"license": "other", "consent": "All agreed.", "language": "en", "view": "dialect=trl"},
    "webhook_change": {"do": "off"},
    "guidelines": {"text": "Be kind."},
    "people_remove": {"username": "bob"},
    "people_pause": {"username": "bob"},
    "people_standing": {"username": "bob", "do": "pass"},
    "practice_pair": {"winner": "a", "use": "practice"},
    "start_answer": {"answer": "1", "choice": "left"},
    "start_practice": {"use": "practice"},
    "start_read": {"version": "1"},
    "groups_declare": {"new": "1", "name": "Training"},
    "groups_change": {"do": "remove"},
    "groups_search": {"do": "cancel"},
    "invitations": {"role": "annotator", "days": "7"},
    "campaign_status": {"status": "paused"},
    "comparison_change": {"do": "retire", "reason": "One of them is broken off."},
    "lab_steps": {"steps": "5"},
    "annotate": {"assignment": "1", "choice": "left", "key": "k"},
    "annotate_undo": {"assignment": "1"},
}
FILES = {"api-export-evaluation", "api-import-prompts", "api-import-comparisons", "api-practice"}
WITH_PAIRS = {
    ("api-runs", "POST"),
    ("api-left-out", "POST"),
    ("api-export-dataset", "GET"),
    ("export_dataset", "POST"),
}
QUEUES_A_SUITE_RUN = ("api-suite-judge", "api-resume-suite-run")
QUERIES = {"api-export-dataset": "?license=other&consent=All+agreed."}
LINE = b'{"prompt": "Hello?", "chosen": "Hello.", "rejected": "Go away."}\n'
CAMPAIGN_LINE = b'{"type": "campaign", "format": "chosen-full/1", "name": "Copy"}\n'
