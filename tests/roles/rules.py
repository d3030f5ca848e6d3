"""The permissions: for every address and each of its methods, one digit for each of PEOPLE.

A new address or method needs a line here. If it needs rows or a body, it also needs a line in `calls.py`.
"""

PEOPLE = ("nobody", "charlie", "alice", "eve", "other_lead", "maya", "root")
"""Alice annotates Maya's campaign, and Eve is its expert. Charlie annotates another campaign, which other_lead leads.
Root is an admin."""

# 1: sign in first, 2: allowed, 3: forbidden, 4: not found.
ANYBODY = "2222222"
SIGNED_IN = "1222222"  # everybody sees only their own part
MEMBERS = "1422422"
LEADS = "1433422"
LEADS_ONLY = "1444422"  # annotators do not even learn that it exists
LEADS_ANYWHERE = "1333222"
OF_A_LED_CAMPAIGN = "1333422"
ADMINS = "1333332"
OWN = "1424444"  # alice's
ADJUDICATES = "1432422"
JUDGES = "1422423"  # being an admin does not make a member
ALICES = "1323332"  # Alice's own; an admin may see everybody's
NOTHING_NAMED = "1444444"  # the form names nothing of the user's

SITE: dict[str, dict[str, str]] = {
    "login": {"GET": ANYBODY, "POST": ANYBODY, "PUT": ANYBODY},
    "logout": {"POST": ANYBODY},
    "set_language": {"POST": ANYBODY},
    "words": {"GET": ANYBODY},
    "offline_worker": {"GET": ANYBODY},
    "healthz": {"GET": ANYBODY},
    "schema": {"GET": SIGNED_IN},
    "glossary": {"GET": ANYBODY},
    "problem": {"GET": ANYBODY},
    "problems": {"GET": ANYBODY},
}
LABELING_PAGES: dict[str, dict[str, str]] = {
    "home": {"GET": SIGNED_IN},
    "you": {"GET": SIGNED_IN},
    "account": {"GET": ALICES},
    "account_erase": {"POST": ALICES},
    "tokens": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "token_revoke": {"POST": NOTHING_NAMED},
    "annotate": {"GET": JUDGES, "POST": NOTHING_NAMED},
    "annotate_undo": {"POST": NOTHING_NAMED},
    "guidelines": {"GET": MEMBERS, "POST": LEADS},
    "people": {"GET": LEADS, "POST": LEADS},
    "people_remove": {"POST": LEADS},
    "people_pause": {"POST": LEADS},
    "invitations": {"GET": LEADS, "POST": LEADS},
    "invitation_revoke": {"POST": "1433444"},  # the form names no invitation
    "invitation": {"GET": ANYBODY, "POST": ANYBODY},  # for anybody with the link
    "adjudication": {"GET": ADJUDICATES, "POST": ADJUDICATES},
    "flags": {"GET": LEADS, "POST": LEADS},
    "verdicts": {"GET": LEADS},
    "disagreements": {"GET": LEADS},
    "prompts": {"GET": LEADS},
    "prompt": {"GET": LEADS},
    "comparisons": {"GET": LEADS},
    "prompts_bulk": {"POST": LEADS},
    "comparisons_bulk": {"POST": LEADS},
    "bulk_act": {"GET": LEADS},
    "comparison": {"GET": LEADS},
    "comparison_change": {"POST": LEADS},
    "campaign_preview": {"GET": LEADS},
    "data": {"GET": LEADS, "POST": LEADS},
    "batch": {"GET": LEADS},
    "batch_change": {"POST": LEADS},
    "statistics": {"GET": LEADS},
    "settings": {"GET": LEADS, "POST": LEADS},
    "campaign_status": {"POST": LEADS},
    "events": {"GET": LEADS},
    "webhooks": {"GET": LEADS, "POST": LEADS},
    "all_webhooks": {"GET": ADMINS, "POST": ADMINS},
    "webhook_change": {"POST": LEADS_ONLY},
    "webhook_rotate": {"POST": LEADS_ONLY},
    "delivery_retry": {"POST": LEADS_ONLY},
}
LABELING_API: dict[str, dict[str, str]] = {
    "api-docs": {"GET": SIGNED_IN},
    "api-me": {"GET": SIGNED_IN},
    "api-my-data": {"GET": SIGNED_IN},
    "api-users": {"POST": ADMINS},
    "api-person-data": {"GET": ALICES},
    "api-erasure": {"GET": ALICES, "POST": ALICES},
    "api-tokens": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "api-token": {"DELETE": OWN},
    "api-campaigns": {"GET": SIGNED_IN, "POST": LEADS_ANYWHERE},
    "api-campaign": {"GET": MEMBERS, "PATCH": LEADS},
    "api-campaign-status": {"POST": LEADS},
    "api-guidelines": {"GET": MEMBERS, "POST": LEADS},
    "api-members": {"GET": LEADS, "POST": LEADS},
    "api-member": {"DELETE": LEADS},
    "api-import-prompts": {"POST": LEADS},
    "api-prompts": {"GET": LEADS},
    "api-comparisons": {"GET": LEADS},
    "api-bulk": {"GET": LEADS, "POST": LEADS},
    "api-judgments": {"GET": LEADS},
    "api-import-comparisons": {"POST": LEADS},
    "api-batches": {"GET": LEADS},
    "api-batch": {"GET": LEADS, "DELETE": LEADS},
    "api-next": {"POST": JUDGES},
    "api-progress": {"GET": MEMBERS},
    "api-agreement": {"GET": LEADS},
    "api-statistics": {"GET": LEADS},
    "api-ranking": {"GET": LEADS},
    "api-annotators": {"GET": LEADS},
    "api-events": {"GET": LEADS},
    "api-events-export": {"GET": LEADS},
    "api-export": {"GET": LEADS},
    "api-webhooks": {"GET": SIGNED_IN, "POST": LEADS},
    "api-webhook-types": {"GET": SIGNED_IN},
    "api-webhook": {"GET": LEADS_ONLY, "PATCH": LEADS_ONLY, "DELETE": LEADS_ONLY},
    "api-webhook-rotate": {"POST": LEADS_ONLY},
    "api-webhook-deliveries": {"GET": LEADS_ONLY},
    "api-webhook-retry": {"POST": LEADS_ONLY},
    "api-export-report": {"GET": LEADS},
    "api-pause-member": {"POST": LEADS},
    "api-resume-member": {"POST": LEADS},
    "api-invitations": {"GET": LEADS, "POST": LEADS},
    "api-invitation": {"DELETE": LEADS},
    "api-recounts": {"GET": LEADS},
    "api-judgment": {"POST": OWN, "PUT": OWN, "DELETE": OWN},
    "api-renew": {"POST": OWN},
    "api-release": {"POST": OWN},
    "api-adjudicate": {"POST": ADJUDICATES},
    "api-conflict": {"GET": ADJUDICATES},
    "api-retire": {"POST": LEADS},
    "api-restore": {"POST": LEADS},
    "api-flag-review": {"POST": LEADS},
    "api-gold": {"PUT": LEADS, "DELETE": LEADS},
}
TRAINING_PAGES: dict[str, dict[str, str]] = {
    "new_campaign": {"GET": LEADS_ANYWHERE, "POST": LEADS_ANYWHERE},
    "new_campaign_preview": {"POST": LEADS_ANYWHERE},
    "campaign": {"GET": MEMBERS},  # annotators are redirected to their page
    "generation_start": {"POST": LEADS},
    "prompts_generate": {"POST": LEADS},
    "run_start": {"POST": LEADS},
    "retraining_save": {"POST": LEADS},
    "retraining_moved": {"POST": SIGNED_IN},  # the page behind the redirect decides
    "generation_cancel": {"POST": LEADS_ONLY},
    "generation_resume": {"POST": LEADS_ONLY},
    "compare_runs": {"GET": LEADS_ANYWHERE},
    "run": {"GET": LEADS_ONLY},
    "run_cancel": {"POST": LEADS_ONLY},
    "run_resume": {"POST": LEADS_ONLY},
    "playground": {"GET": LEADS_ANYWHERE},
    "run_surprises": {"GET": LEADS_ONLY},
    "run_relabel": {"POST": LEADS_ONLY},
    "lens": {"GET": LEADS_ANYWHERE, "POST": LEADS_ANYWHERE},
    "lens_job": {"GET": LEADS_ONLY},
    "lab": {"GET": SIGNED_IN},
    "lab_start": {"POST": SIGNED_IN},
    "lab_steps": {"POST": OWN},
    "lab_end": {"POST": OWN},
    "versions": {"GET": LEADS_ANYWHERE},
    "compare_versions": {"GET": LEADS_ANYWHERE},
    "version": {"GET": OF_A_LED_CAMPAIGN},
    "version_promote": {"POST": LEADS_ONLY},
    "serving_rollback": {"POST": LEADS_ANYWHERE},
}
TRAINING_API: dict[str, dict[str, str]] = {
    "api-start-generation": {"POST": LEADS},
    "api-retraining-rule": {"GET": LEADS, "PUT": LEADS},
    "api-generation": {"GET": LEADS_ONLY},
    "api-cancel-generation": {"POST": LEADS_ONLY},
    "api-resume-generation": {"POST": LEADS_ONLY},
    "api-lens-jobs": {"POST": LEADS_ANYWHERE},
    "api-lens-job": {"GET": LEADS_ONLY},
    "api-lab-sessions": {"POST": SIGNED_IN},
    "api-lab-session": {"GET": OWN},
    "api-lab-steps": {"POST": OWN},
    "api-end-lab": {"POST": OWN},
    "api-runs": {"GET": SIGNED_IN, "POST": LEADS},
    "api-run": {"GET": LEADS_ONLY},
    "api-run-metrics": {"GET": LEADS_ONLY},
    "api-cancel-run": {"POST": LEADS_ONLY},
    "api-resume-run": {"POST": LEADS_ONLY},
    "api-versions": {"GET": LEADS_ANYWHERE},
    "api-version": {"GET": OF_A_LED_CAMPAIGN},
    "api-version-download": {"GET": OF_A_LED_CAMPAIGN},
    "api-completion": {"POST": OF_A_LED_CAMPAIGN},
    "api-keep": {"POST": LEADS},
    "api-promote": {"POST": OF_A_LED_CAMPAIGN},
    "api-roll-back": {"POST": LEADS_ANYWHERE},
}
RULES = SITE | LABELING_PAGES | LABELING_API | TRAINING_PAGES | TRAINING_API
