"""Folders that commands upload to a model hub."""

import os
from pathlib import Path

from django.core.management.base import CommandError


def hub_token() -> str:
    """The hub's token. Raises CommandError."""
    from huggingface_hub import get_token

    token = get_token()
    if not token:
        raise CommandError("--push needs a token of the hub: set HF_TOKEN, or run `hf auth login`.")
    return str(token)


def push(folder: Path, name: str, token: str, *, kind: str, is_public: bool) -> str:
    """Uploads the folder to a repository of a kind (model, dataset); returns its address. Raises CommandError."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.errors import HTTPError as HubError  # type: ignore[attr-defined]

    api = HfApi(token=token, endpoint=os.environ.get("HF_ENDPOINT") or None)
    try:
        made = api.create_repo(name, repo_type=kind, private=not is_public, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, repo_type=kind, commit_message="Export of Chosen")
    except (HubError, HFValidationError, OSError) as error:
        raise CommandError(f"The folder is written, but was not uploaded: {error}") from error
    return str(made)
