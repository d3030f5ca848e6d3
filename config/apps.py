"""The app that registers the checks of the configuration with Django."""

from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    """An app without tables, only with checks."""

    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        """Importing the checks registers them."""
        from config import checks  # noqa: F401
