"""The base model of this installation: registered as a version, and serving until a better one does."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from common.storage import artifacts
from training.actions.versions import promote, register_base_version
from training.errors import VersionDamaged
from training.models import ModelVersion
from training.queries.serving import current_deployment

OURS = "smollm2-135m-instruct"
"""The folder, below `models/`, of the model that comes with the packages. Any other one is its owner's to fill."""

Say = Callable[[str], None]


def serve_base_version(*, now: datetime, say: Say) -> ModelVersion:
    """Registers the base model, and lets it serve where nothing serves yet. Again: changes nothing.

    Raises as `ensure_base_version`.
    """
    version = ensure_base_version(now=now, say=say)
    if current_deployment() is None:
        promote(version=version, acting_user=None, now=now, servers_first=False)
    return version


def ensure_base_version(*, now: datetime, say: Say) -> ModelVersion:
    """Registers the base model under its name; writes the folder of the one from its wheel if it is missing.

    Raises VersionDamaged, WrongName, ModelPreparationError, StorageAway.
    """
    folder, name = settings.BASE_MODEL_DIR, settings.BASE_MODEL_NAME
    existing = ModelVersion.objects.filter(name=name, base_dir=str(folder)).first()
    is_here = (folder / "config.json").exists()
    if existing is not None and (is_here or artifacts.stored(folder) is not None):
        return existing
    if not is_here:
        if folder != (Path(settings.VAR_DIR) / "models" / OURS).absolute():
            raise VersionDamaged(_("There is no model in %(directory)s.") % {"directory": folder})
        from training.generation import prepare_model  # heavy imports, needed only the first time

        say(f"Preparing the model {name} ...")
        prepare_model(folder)
    return register_base_version(name=name, directory=folder, acting_user=None, now=now)
