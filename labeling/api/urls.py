"""URLs of labeling's API."""

from django.urls import URLPattern, URLResolver, path

from labeling.api.views import (
    assignments,
    campaigns,
    curation,
    exchange,
    figures,
    invitations,
    members,
    onboarding,
    people,
    records,
    statistics,
    webhooks,
)
from labeling.api.views.description import DocumentationView

CAMPAIGN = "campaigns/<slug:slug>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "docs/",
        DocumentationView.as_view(url_name="schema", template_name="labeling/api_docs.html"),
        name="api-docs",
    ),
    path("me/", people.MeView.as_view(), name="api-me"),
    path("me/data/", people.MyDataView.as_view(), name="api-my-data"),
    path("users/", people.UsersView.as_view(), name="api-users"),
    path("users/<str:username>/data/", people.PersonDataView.as_view(), name="api-person-data"),
    path("users/<str:username>/erasure/", people.ErasureView.as_view(), name="api-erasure"),
    path("tokens/", people.TokensView.as_view(), name="api-tokens"),
    path("tokens/<int:token_id>/", people.TokenView.as_view(), name="api-token"),
    path("webhooks/", webhooks.WebhooksView.as_view(), name="api-webhooks"),
    path("webhooks/types/", webhooks.WebhookTypesView.as_view(), name="api-webhook-types"),
    path("webhooks/<int:webhook_id>/", webhooks.WebhookView.as_view(), name="api-webhook"),
    path("webhooks/<int:webhook_id>/rotate/", webhooks.RotateSecretView.as_view(), name="api-webhook-rotate"),
    path("webhooks/<int:webhook_id>/deliveries/", webhooks.DeliveriesView.as_view(), name="api-webhook-deliveries"),
    path(
        "webhooks/deliveries/<int:delivery_id>/retry/", webhooks.RetryDeliveryView.as_view(), name="api-webhook-retry"
    ),
    path("campaigns/", campaigns.CampaignsView.as_view(), name="api-campaigns"),
    path(CAMPAIGN, campaigns.CampaignView.as_view(), name="api-campaign"),
    path(f"{CAMPAIGN}status/", campaigns.CampaignStatusView.as_view(), name="api-campaign-status"),
    path(f"{CAMPAIGN}guidelines/", campaigns.GuidelinesView.as_view(), name="api-guidelines"),
    path(f"{CAMPAIGN}members/", members.MembersView.as_view(), name="api-members"),
    path(f"{CAMPAIGN}members/<str:username>/", members.MemberView.as_view(), name="api-member"),
    path(f"{CAMPAIGN}members/<str:username>/pause/", members.PauseMemberView.as_view(), name="api-pause-member"),
    path(f"{CAMPAIGN}members/<str:username>/resume/", members.ResumeMemberView.as_view(), name="api-resume-member"),
    path(f"{CAMPAIGN}members/<str:username>/pass/", onboarding.PassMemberView.as_view(), name="api-pass-member"),
    path(
        f"{CAMPAIGN}members/<str:username>/restart/", onboarding.RestartMemberView.as_view(), name="api-restart-member"
    ),
    path(f"{CAMPAIGN}guidelines/read/", onboarding.ReadGuidelinesView.as_view(), name="api-read-guidelines"),
    path(f"{CAMPAIGN}practice/", onboarding.PracticePairsView.as_view(), name="api-practice"),
    path(f"{CAMPAIGN}practice/next/", onboarding.NextPracticeView.as_view(), name="api-next-practice"),
    path(f"{CAMPAIGN}invitations/", invitations.InvitationsView.as_view(), name="api-invitations"),
    path(f"{CAMPAIGN}invitations/<int:invitation_id>/", invitations.InvitationView.as_view(), name="api-invitation"),
    path(f"{CAMPAIGN}recounts/", campaigns.RecountsView.as_view(), name="api-recounts"),
    path(f"{CAMPAIGN}prompts/import/", exchange.ImportPromptsView.as_view(), name="api-import-prompts"),
    path(f"{CAMPAIGN}comparisons/", records.ComparisonsView.as_view(), name="api-comparisons"),
    path(f"{CAMPAIGN}judgments/", records.JudgmentsView.as_view(), name="api-judgments"),
    path(f"{CAMPAIGN}comparisons/import/", exchange.ImportComparisonsView.as_view(), name="api-import-comparisons"),
    path(f"{CAMPAIGN}assignments/next/", assignments.NextAssignmentView.as_view(), name="api-next"),
    path(f"{CAMPAIGN}progress/", statistics.ProgressView.as_view(), name="api-progress"),
    path(f"{CAMPAIGN}agreement/", statistics.AgreementView.as_view(), name="api-agreement"),
    path(f"{CAMPAIGN}statistics/", figures.StatisticsView.as_view(), name="api-statistics"),
    path(f"{CAMPAIGN}ranking/", figures.RankingView.as_view(), name="api-ranking"),
    path(f"{CAMPAIGN}annotators/", statistics.AnnotatorsView.as_view(), name="api-annotators"),
    path(f"{CAMPAIGN}adjudication/", statistics.ConflictView.as_view(), name="api-conflict"),
    path(f"{CAMPAIGN}events/", records.EventsView.as_view(), name="api-events"),
    path(f"{CAMPAIGN}events/export/", records.EventsExportView.as_view(), name="api-events-export"),
    path(f"{CAMPAIGN}export/", exchange.ExportView.as_view(), name="api-export"),
    path(f"{CAMPAIGN}export/report/", exchange.ExportReportView.as_view(), name="api-export-report"),
    path("assignments/<int:assignment_id>/judgment/", assignments.JudgmentView.as_view(), name="api-judgment"),
    path("assignments/<int:assignment_id>/renew/", assignments.RenewView.as_view(), name="api-renew"),
    path("assignments/<int:assignment_id>/release/", assignments.ReleaseView.as_view(), name="api-release"),
    path("comparisons/<int:comparison_id>/adjudication/", statistics.AdjudicationView.as_view(), name="api-adjudicate"),
    path("comparisons/<int:comparison_id>/retire/", curation.RetireView.as_view(), name="api-retire"),
    path("comparisons/<int:comparison_id>/restore/", curation.RestoreView.as_view(), name="api-restore"),
    path("comparisons/<int:comparison_id>/flag/", curation.FlagReviewView.as_view(), name="api-flag-review"),
    path("practice/<int:answer_id>/answer/", onboarding.PracticeAnswerView.as_view(), name="api-answer-practice"),
    path("comparisons/<int:comparison_id>/practice/", onboarding.PracticeMarkView.as_view(), name="api-practice-mark"),
    path("comparisons/<int:comparison_id>/gold/", curation.GoldView.as_view(), name="api-gold"),
]
