"""The tables in Django's admin, for admins who need to look behind a page.

Nearly all are read-only. History is append-only, and only actions change places, votes and totals.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django_celery_beat import admin as schedules  # noqa: F401 - it registers its tables first
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from common.errors import Invalid
from labeling.actions.accounts import NOTED, end_access_after_password, note_rights
from labeling.actions.people import UsernameTaken, note_account_read, note_people_listed
from labeling.actions.usernames import check_name, looks_taken
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
    Role,
    User,
    Verdict,
)

if TYPE_CHECKING:  # generic for the type checker only
    AnyAdmin = admin.ModelAdmin[Any]
    UsersAdmin = UserAdmin[User]
    AnyModelForm = forms.ModelForm[User]
else:
    AnyAdmin, UsersAdmin, AnyModelForm = admin.ModelAdmin, UserAdmin, forms.ModelForm


class ReadOnly(AnyAdmin):
    """A table that cannot be changed. Its rows are not counted for page numbers: there may be millions."""

    actions = None

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class _CheckedName(AnyModelForm):
    """A new name must not be reserved, nor look like another account's."""

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"])
        if username != self.instance.username or self.instance.pk is None:
            try:
                check_name(username)
            except Invalid as error:
                raise forms.ValidationError(error.message) from error
            if looks_taken(username, other_than=self.instance.pk):
                raise forms.ValidationError(UsernameTaken(username=username).message)
        return username


class NewUserForm(_CheckedName, AdminUserCreationForm):  # type: ignore[type-arg]
    pass


class UserForm(_CheckedName, UserChangeForm):  # type: ignore[type-arg]
    pass


@admin.register(User)
class PersonAdmin(UsersAdmin):
    """Accounts. Django's admin saves them by itself, so each change that matters is recorded here."""

    form = UserForm
    add_form = NewUserForm
    list_display = ("username", "role", "pseudonym", "is_simulated", "is_active", "must_change_password")
    list_filter = ("role", "is_simulated", "is_active", "must_change_password")
    readonly_fields = ("pseudonym", "is_simulated")
    fieldsets = (
        *(part for part in UserAdmin.fieldsets or () if "is_superuser" not in part[1]["fields"]),
        ("Chosen", {"fields": ("role", "is_active", "must_change_password", "pseudonym", "is_simulated")}),
    )
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Chosen", {"fields": ("must_change_password",)}))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_changeform_initial_data(request), "must_change_password": True}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # deactivate instead: judgments refer to the user

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """The role alone says whether somebody may open these pages: Django's own two fields follow it."""
        before = User.objects.values(*NOTED).get(pk=obj.pk) if change else {}
        obj.is_staff = obj.is_superuser = obj.role == Role.ADMIN
        super().save_model(request, obj, form, change)
        note_rights(user=obj, before=before, acting_user=_admin(request), now=timezone.now())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        if response.status_code == HTTPStatus.OK:
            note_people_listed(acting_user=_admin(request), now=timezone.now())
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        if object_id is not None and response.status_code == HTTPStatus.OK:  # it shows name and e-mail address
            person = User.objects.get(pk=unquote(object_id))
            note_account_read(person=person, acting_user=_admin(request), now=timezone.now())
        return response

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if self.get_object(request, unquote(id)) is None:  # also for an id that is no number
            raise Http404
        with transaction.atomic():
            before = User.objects.filter(pk=id).values_list("password", flat=True).first()
            response: HttpResponse = super().user_change_password(request, id, form_url)
            user = User.objects.filter(pk=id).first()
            if user is not None and user.password != before:
                end_access_after_password(user=user, acting_user=_admin(request), now=timezone.now())
        return response


def _admin(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


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


for schedule in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    # A row there is a command to a worker: any task with any arguments. The program makes its own, rules have a page.
    admin.site.unregister(schedule)
    admin.site.register(schedule, ReadOnly)
admin.site.unregister(Group)  # rights follow the role, and nothing asks for Django's groups


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("at", "verb", "actor", "subject_type", "subject_id", "campaign")
    list_select_related = ("actor", "campaign")
