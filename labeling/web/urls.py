"""URLs of labeling's pages. The campaign's own page is in training: it shows the whole loop."""

from django.urls import path

from labeling.web.addresses import address_change, address_confirm
from labeling.web.adjudication import adjudication, flags
from labeling.web.annotate import annotate, annotate_undo
from labeling.web.annotator import annotator, annotator_table
from labeling.web.batches import batch, batch_change
from labeling.web.bulk import bulk, bulk_act
from labeling.web.campaign_import import campaign_import
from labeling.web.data import data
from labeling.web.events import all_events, events
from labeling.web.export import export, export_dataset, export_evaluation
from labeling.web.glossary import glossary
from labeling.web.guidelines import guidelines
from labeling.web.home import home
from labeling.web.inbox import inbox, inbox_change
from labeling.web.invitations import invitation, invitation_revoke, invitations
from labeling.web.lists import comparisons, prompt, prompts
from labeling.web.my_judgments import my_judgment, my_judgments
from labeling.web.my_questions import ask, my_questions
from labeling.web.offline import offline_worker
from labeling.web.passkeys import passkey_remove, passkeys
from labeling.web.passwords import password_change, password_reset, password_reset_confirm, password_reset_sent
from labeling.web.people import people, people_pause, people_remove, people_standing
from labeling.web.practice import practice, practice_pair, practice_remove
from labeling.web.preview import campaign_preview
from labeling.web.questions import faq_withdraw, questions
from labeling.web.second_factor import second_factor, second_factor_change, second_factor_reset
from labeling.web.sessions import sessions_end
from labeling.web.settings import campaign_settings, campaign_status
from labeling.web.start import start, start_answer, start_feedback, start_practice, start_read, start_result
from labeling.web.statistics import campaign_statistics, statistics_table
from labeling.web.tokens import token_revoke, tokens
from labeling.web.verdicts import comparison, comparison_change, disagreements, verdicts, verdicts_table
from labeling.web.webhooks import delivery_retry, webhook_change, webhook_rotate, webhooks
from labeling.web.you import account, account_erase, you, you_notices

urlpatterns = [
    path("", home, name="home"),
    path("inbox/", inbox, name="inbox"),
    path("inbox/change/", inbox_change, name="inbox_change"),
    path("glossary/", glossary, name="glossary"),
    path("you/", you, name="you"),
    path("you/notices/", you_notices, name="you_notices"),
    path("you/password/", password_change, name="password_change"),
    path("you/address/", address_change, name="address_change"),
    path("you/address/confirm/<str:token>/", address_confirm, name="address_confirm"),
    path("you/sessions/end/", sessions_end, name="sessions_end"),
    path("you/second-factor/", second_factor, name="second_factor"),
    path("you/passkeys/", passkeys, name="passkeys"),
    path("you/passkeys/<int:pk>/remove/", passkey_remove, name="passkey_remove"),
    path("you/second-factor/change/", second_factor_change, name="second_factor_change"),
    path("password/", password_reset, name="password_reset"),
    path("password/sent/", password_reset_sent, name="password_reset_sent"),
    path("password/<uidb64>/<token>/", password_reset_confirm, name="password_reset_confirm"),
    path("people/<str:username>/", account, name="account"),
    path("people/<str:username>/second-factor/reset/", second_factor_reset, name="second_factor_reset"),
    path("people/<str:username>/erase/", account_erase, name="account_erase"),
    path("events/", all_events, name="all_events"),
    path("tokens/", tokens, name="tokens"),
    path("tokens/revoke/", token_revoke, name="token_revoke"),
    path("campaigns/offline.js", offline_worker, name="offline_worker"),
    path("campaigns/<slug:slug>/annotate/", annotate, name="annotate"),
    path("campaigns/<slug:slug>/annotate/undo/", annotate_undo, name="annotate_undo"),
    path("campaigns/<slug:slug>/judgments/", my_judgments, name="my_judgments"),
    path("campaigns/<slug:slug>/judgments/<int:assignment_id>/", my_judgment, name="my_judgment"),
    path("campaigns/<slug:slug>/judgments/questions/", my_questions, name="my_questions"),
    path("campaigns/<slug:slug>/assignments/<int:assignment_id>/ask/", ask, name="ask"),
    path("campaigns/<slug:slug>/questions/", questions, name="questions"),
    path("campaigns/<slug:slug>/questions/published/<int:entry_id>/withdraw/", faq_withdraw, name="faq_withdraw"),
    path("campaigns/<slug:slug>/start/", start, name="start"),
    path("campaigns/<slug:slug>/start/read/", start_read, name="start_read"),
    path("campaigns/<slug:slug>/start/practice/", start_practice, name="start_practice"),
    path("campaigns/<slug:slug>/start/answer/", start_answer, name="start_answer"),
    path("campaigns/<slug:slug>/start/pairs/<int:answer_id>/", start_feedback, name="start_feedback"),
    path("campaigns/<slug:slug>/start/rounds/<int:round_id>/", start_result, name="start_result"),
    path("campaigns/<slug:slug>/practice/", practice, name="practice"),
    path("campaigns/<slug:slug>/practice/<int:pk>/", practice_pair, name="practice_pair"),
    path("campaigns/<slug:slug>/practice/<int:pk>/remove/", practice_remove, name="practice_remove"),
    path("campaigns/<slug:slug>/guidelines/", guidelines, name="guidelines"),
    path("campaigns/<slug:slug>/people/", people, name="people"),
    path("campaigns/<slug:slug>/people/remove/", people_remove, name="people_remove"),
    path("campaigns/<slug:slug>/people/pause/", people_pause, name="people_pause"),
    path("campaigns/<slug:slug>/people/standing/", people_standing, name="people_standing"),
    path("campaigns/<slug:slug>/people/<str:name>/", annotator, name="annotator"),
    path("campaigns/<slug:slug>/people/<str:name>/<slug:table>.csv", annotator_table, name="annotator_table"),
    path("campaigns/<slug:slug>/invitations/", invitations, name="invitations"),
    path("campaigns/<slug:slug>/invitations/revoke/", invitation_revoke, name="invitation_revoke"),
    path("invitations/<str:token>/", invitation, name="invitation"),
    path("campaigns/<slug:slug>/adjudication/", adjudication, name="adjudication"),
    path("campaigns/<slug:slug>/flags/", flags, name="flags"),
    path("campaigns/<slug:slug>/verdicts/", verdicts, name="verdicts"),
    path("campaigns/<slug:slug>/verdicts.csv", verdicts_table, name="verdicts_table"),
    path("campaigns/<slug:slug>/disagreements/", disagreements, name="disagreements"),
    path("campaigns/<slug:slug>/prompts/", prompts, name="prompts"),
    path("campaigns/<slug:slug>/prompts/<int:pk>/", prompt, name="prompt"),
    path("campaigns/<slug:slug>/comparisons/", comparisons, name="comparisons"),
    path("campaigns/<slug:slug>/prompts/act/", bulk, {"target": "prompts"}, name="prompts_bulk"),
    path("campaigns/<slug:slug>/comparisons/act/", bulk, {"target": "comparisons"}, name="comparisons_bulk"),
    path("campaigns/<slug:slug>/acts/<int:pk>/", bulk_act, name="bulk_act"),
    path("campaigns/<slug:slug>/comparisons/<int:pk>/", comparison, name="comparison"),
    path("campaigns/<slug:slug>/comparisons/<int:pk>/change/", comparison_change, name="comparison_change"),
    path("campaign-import/", campaign_import, name="campaign_import"),
    path("campaigns/<slug:slug>/data/", data, name="data"),
    path("campaigns/<slug:slug>/data/export/", export, name="export"),
    path("campaigns/<slug:slug>/data/export/dataset/", export_dataset, name="export_dataset"),
    path("campaigns/<slug:slug>/data/export/evaluation/", export_evaluation, name="export_evaluation"),
    path("campaigns/<slug:slug>/data/imports/<int:pk>/", batch, name="batch"),
    path("campaigns/<slug:slug>/data/imports/<int:pk>/change/", batch_change, name="batch_change"),
    path("campaigns/<slug:slug>/statistics/", campaign_statistics, name="statistics"),
    path("campaigns/<slug:slug>/statistics/<slug:table>.csv", statistics_table, name="statistics_table"),
    path("campaigns/<slug:slug>/settings/", campaign_settings, name="settings"),
    path("campaigns/<slug:slug>/events/", events, name="events"),
    path("campaigns/<slug:slug>/webhooks/", webhooks, name="webhooks"),
    path("webhooks/", webhooks, name="all_webhooks"),
    path("webhooks/<int:webhook_id>/change/", webhook_change, name="webhook_change"),
    path("webhooks/<int:webhook_id>/rotate/", webhook_rotate, name="webhook_rotate"),
    path("webhooks/deliveries/<int:delivery_id>/retry/", delivery_retry, name="delivery_retry"),
    path("campaigns/<slug:slug>/preview/", campaign_preview, name="campaign_preview"),
    path("campaigns/<slug:slug>/status/", campaign_status, name="campaign_status"),
]
