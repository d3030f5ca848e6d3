"""The Django admin of training. It is read-only: changes go through actions."""

from django.contrib import admin
from django.http import HttpRequest

from training.models import (
    BlameJob,
    Deployment,
    Evaluation,
    EvaluationJob,
    GenerationItem,
    GenerationJob,
    GroupJob,
    LabSession,
    LensJob,
    ModelVersion,
    PriceJob,
    RetrainingRule,
    Run,
    SelectionJob,
    SelectionTrial,
    Snapshot,
    Suite,
    SuiteRun,
    SuiteVersion,
    TrialArm,
)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nothing can be added, changed or deleted here."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ("name", "parent", "run", "created_at")
    search_fields = ("name",)


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ("channel", "version", "kind", "is_current", "by", "at")
    list_filter = ("channel", "kind")


@admin.register(GenerationJob)
class GenerationJobAdmin(ReadOnlyAdmin):
    list_display = ("pk", "campaign", "status", "done", "total", "failed", "dropped", "created_at")
    list_filter = ("status", "campaign")


@admin.register(GenerationItem)
class GenerationItemAdmin(ReadOnlyAdmin):
    list_display = ("pk", "job", "prompt", "number", "status", "reason")
    list_filter = ("status",)


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ("content_hash", "campaign", "train_pairs", "test_pairs", "created_at")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("pk", "campaign", "status", "done", "total", "parent", "trigger", "created_at")
    list_filter = ("status", "trigger", "campaign")


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ("version", "kind", "against", "snapshot", "created_at")


@admin.register(EvaluationJob)
class EvaluationJobAdmin(ReadOnlyAdmin):
    list_display = ("pk", "version", "compared", "status", "finding", "created_at")
    list_filter = ("status", "finding")


@admin.register(RetrainingRule)
class RetrainingRuleAdmin(ReadOnlyAdmin):
    list_display = ("campaign", "enabled", "min_fresh_verdicts", "auto_promote", "considered_at", "outcome")


@admin.register(LensJob)
class LensJobAdmin(ReadOnlyAdmin):
    list_display = ("pk", "version", "before", "status", "created_by", "created_at")
    list_filter = ("status",)


@admin.register(BlameJob)
class BlameJobAdmin(ReadOnlyAdmin):
    list_display = ("pk", "snapshot", "version", "status", "created_by", "created_at")
    list_filter = ("status",)


@admin.register(SelectionTrial)
class SelectionTrialAdmin(ReadOnlyAdmin):
    list_display = ("campaign", "is_on", "enough", "changed_by", "changed_at")


@admin.register(TrialArm)
class TrialArmAdmin(ReadOnlyAdmin):
    list_display = ("trial", "name", "share", "standing", "labels", "measured_at", "off_at")


@admin.register(SelectionJob)
class SelectionJobAdmin(ReadOnlyAdmin):
    list_display = ("pk", "campaign", "arm", "status", "done", "total", "created_by", "created_at")
    list_filter = ("status",)


@admin.register(LabSession)
class LabSessionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "version", "status", "done", "total", "created_by", "created_at")
    list_filter = ("status",)


@admin.register(Suite)
class SuiteAdmin(ReadOnlyAdmin):
    list_display = ("name", "campaign", "before_gate", "created_at")
    list_filter = ("campaign",)


@admin.register(SuiteVersion)
class SuiteVersionAdmin(ReadOnlyAdmin):
    list_display = ("suite", "number", "size", "by", "at")


@admin.register(SuiteRun)
class SuiteRunAdmin(ReadOnlyAdmin):
    list_display = ("pk", "suite_version", "version", "status", "done", "total", "created_at")
    list_filter = ("status", "campaign")


@admin.register(PriceJob)
class PriceJobAdmin(ReadOnlyAdmin):
    list_display = ("pk", "campaign", "status", "done", "total", "created_at")
    list_filter = ("status", "campaign")


@admin.register(GroupJob)
class GroupJobAdmin(ReadOnlyAdmin):
    list_display = ("pk", "campaign", "kind", "status", "created_at")
    list_filter = ("status", "kind")
