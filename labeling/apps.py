"""The labeling app: what people judge."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out


class LabelingConfig(AppConfig):
    name = "labeling"
    verbose_name = "Labeling"

    def ready(self) -> None:
        from labeling import signing_in

        user_logged_out.connect(signing_in.signed_out, dispatch_uid="labeling.signed_out")
