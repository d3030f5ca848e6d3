"""The tables in Django's admin, for admins who need to look behind a page.

Nearly all are read-only. History is append-only, and only actions change places, votes and totals.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest

from labeling.models import (
    ApiToken,
    Assignment,
    Campaign,
    Comparison,
    Completion,
    Event,
    GuidelineVersion,
    Judgment,
    Membership,
    Prompt,
    User,
    Verdict,
)

if TYPE_CHECKING:  # generic for the type checker only
    AnyAdmin = admin.ModelAdmin[Any]
    UsersAdmin = UserAdmin[User]
else:
    AnyAdmin, UsersAdmin = admin.ModelAdmin, UserAdmin


class ReadOnly(AnyAdmin):
    """A table that cannot be changed. Its rows are not counted for page numbers: there may be millions."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(UsersAdmin):
    list_display = ("username", "role", "pseudonym", "is_simulated", "is_active")
    list_filter = ("role", "is_simulated", "is_active")
    readonly_fields = ("pseudonym", "is_simulated")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Chosen", {"fields": ("role", "pseudonym", "is_simulated")}))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # deactivate instead: judgments refer to the user


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ("name", "user", "created_at", "last_used_at", "revoked_at")
    fields = ("name", "user", "created_at", "last_used_at", "revoked_at")


@admin.register(Campaign)
class CampaignAdmin(ReadOnly):
    list_display = ("name", "slug", "status", "overlap", "created_at")
    list_filter = ("status",)


@admin.register(GuidelineVersion)
class GuidelineVersionAdmin(ReadOnly):
    list_display = ("campaign", "number", "created_by", "created_at")


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ("user", "campaign", "role", "judged")
    list_filter = ("role",)


@admin.register(Prompt)
class PromptAdmin(ReadOnly):
    list_display = ("__str__", "campaign", "external_id")
    list_select_related = ("campaign",)


@admin.register(Completion)
class CompletionAdmin(ReadOnly):
    list_display = ("__str__", "model_version", "seed", "finish_reason")


@admin.register(Comparison)
class ComparisonAdmin(ReadOnly):
    list_display = ("pk", "campaign", "status", "taken", "judged", "overlap", "source")
    list_filter = ("status",)
    list_select_related = ("campaign",)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnly):
    list_display = ("pk", "comparison_id", "annotator", "status", "slot", "left", "expires_at")
    list_filter = ("status",)
    list_select_related = ("annotator",)


@admin.register(Judgment)
class JudgmentAdmin(ReadOnly):
    list_display = ("pk", "comparison_id", "annotator", "choice", "left", "created_at", "superseded_at")
    list_filter = ("choice",)
    list_select_related = ("annotator",)


@admin.register(Verdict)
class VerdictAdmin(ReadOnly):
    list_display = ("comparison_id", "campaign", "winner", "confidence", "settled_by", "settled_at")
    list_filter = ("settled_by", "winner")
    list_select_related = ("campaign",)


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("at", "verb", "actor", "subject_type", "subject_id", "campaign")
    list_select_related = ("actor", "campaign")
