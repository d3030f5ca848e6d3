"""Makes Django run the checks of the configuration."""

from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    """No tables; only checks."""

    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        """Importing registers them."""
        from config import checks  # noqa: F401
