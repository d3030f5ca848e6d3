"""The storage as a whole: storing what an installation has when it gets one, and removing what nobody needs."""

from collections.abc import Callable
from pathlib import Path

from common.storage import artifacts
from common.storage.errors import FileChanged
from common.storage.room import Swept
from training.jobs.run_copies import RunCopies
from training.models import JobStatus, ModelVersion, Run, Snapshot
from training.queries.artifacts import named_keys, named_paths


def publish_all(say: Callable[[str], None] = lambda line: None) -> list[str]:
    """Stores everything that rows name, that lies on this machine, and that the storage lacks; returns their names.

    Rows that hold the full paths of this machine get ones that every machine can follow. Raises StorageAway.
    """
    published = []
    runs = {Path(run.directory): run for run in Run.objects.exclude(directory="")}
    for path in named_paths():
        key = artifacts.key_of(path)
        if key is None or not path.exists() or artifacts.stored(path) is not None:
            continue
        try:
            is_stored = _publish_run(runs[path]) if path in runs else _publish(path)
        except FileChanged:  # whoever writes it stores it
            continue
        if is_stored:
            say(key)
            published.append(key)
    _write_places()
    return published


def _publish(path: Path) -> bool:
    artifacts.publish(path)
    return True


def _publish_run(run: Run) -> bool:
    """Stores the results of a run that is finished, and else its newest checkpoint, if it has one."""
    copies = RunCopies(Path(run.directory))
    if run.status == JobStatus.FINISHED:
        copies.finish(run.done)
        return True
    copies.keep_newest()
    return copies.stored_step > 0


def _write_places() -> None:
    """Writes each place anew: the column stores it relative to the data directory."""
    for version in ModelVersion.objects.all():
        version.save(update_fields=["base_dir", "adapter_dir"])
    for row in (*Run.objects.exclude(directory=""), *Snapshot.objects.all()):
        row.save(update_fields=["directory"])


def sweep_storage(*, dry_run: bool) -> Swept:
    """Removes from the storage what no row needs and is a day old. Raises StorageAway, StorageDamaged."""
    return artifacts.sweep(named_keys(), dry_run=dry_run)
