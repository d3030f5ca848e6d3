"""Why a backup or a restore stopped, as a sentence for whoever started it."""


class BackupFailed(Exception):
    """Says what is wrong and what to do. Nothing was changed, or what was changed is named."""
