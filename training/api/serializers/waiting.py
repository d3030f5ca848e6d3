"""The field of all jobs in the API that says for what they wait."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from training.models import AnyJob
from training.queries.waiting import Waiting


class NamedJobSerializer(serializers.Serializer[Any]):
    """A job. campaign: its slug; null: it has none."""

    kind = serializers.ChoiceField(
        choices=(
            *("generation", "suite_run", "run", "evaluation", "price", "blame", "groups", "selection", "lens", "lab"),
        )
    )
    id = serializers.IntegerField()
    campaign = serializers.CharField(allow_null=True)


class WaitSerializer(serializers.Serializer[Any]):
    """Why a job does not run now."""

    reason = serializers.ChoiceField(
        choices=("job", "memory", "machine", "server", "worker", "start"),
        help_text="job: another one has the worker. memory: there is too little beside another one. machine: another "
        "one has the machine that generation and training share. server: the model server does not answer. worker: "
        "none is running. start: it is about to start.",
    )
    sentence = serializers.CharField()
    place = serializers.IntegerField(allow_null=True, help_text="Its place in the queue, from 1; null: it has left it.")
    seconds = serializers.IntegerField(
        allow_null=True, help_text="Until the job ends that it waits for; null: unknown."
    )
    job = NamedJobSerializer(allow_null=True, help_text="The job that it waits for, if you may see it.")


class WaitingJobSerializer(serializers.Serializer[Any]):
    """Adds `waits_for` to a job. The context names the `reader`."""

    waits_for = serializers.SerializerMethodField(help_text="Why the job does not run now; null: it runs, or is over.")

    @extend_schema_field(WaitSerializer(allow_null=True))
    def get_waits_for(self, job: AnyJob) -> dict[str, Any] | None:
        context: Any = self.context
        if "waiting" not in context:  # one for all jobs of a list
            context["waiting"] = Waiting(context.get("reader"), now=timezone.now())
        wait = context["waiting"].of(job)
        return wait.as_dict() if wait else None
