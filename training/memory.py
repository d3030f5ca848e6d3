"""Memory for jobs side by side: a generation and a run share a machine where both fit, else the later one waits.

A job that finds its machine idle always starts. Beside others it starts if the free memory covers its own need and
what the others have yet to take. Else it stays queued, with the reason in its row; the sweep and the end of any job
send it again. While it waits, no later job on that machine starts before it, so it never starves.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import psutil
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from common import processes
from common.disk import is_full
from common.sentences import Sentence
from training import claims
from training.engine.config import UNQUANTIZED
from training.models import (
    CLAIMED_STATUSES,
    BlameJob,
    EvaluationJob,
    GenerationJob,
    HoldingJob,
    JobStatus,
    ModelVersion,
    PriceJob,
    Run,
    SelectionJob,
    SuiteRun,
    TrainingJob,
    WritingJob,
)

J = TypeVar("J", GenerationJob, SuiteRun, Run, PriceJob, SelectionJob, BlameJob)

GIB = 2**30
_HOLDING: tuple[type[PriceJob | EvaluationJob | SelectionJob], ...] = (PriceJob, EvaluationJob, SelectionJob)
PROGRAM = int(0.8 * GIB)  # Python with torch and transformers, before any model
SAMPLER_ROWS, SAMPLER_TOKENS = 64, 65536  # rows that the sampler writes at a time, and the tokens it keeps of them
PROMPT_TOKENS = 512  # a long prompt
TOKENS_PER_STEP = 3072  # the engine's tokens_per_row
# Bytes that a step keeps of a token, for each layer and unit of its width (docs/experiments.md: 3.2 GiB for SmolLM2).
ACTIVATION_BYTES = 64
# A job has taken the memory it needs this long after its start.
SETTLED_AFTER = timedelta(minutes=2)
# A job that waits is tried every half minute. If it was not, its worker is gone and it holds nobody up.
TRIED_WITHIN = timedelta(minutes=2)
CONTROL_GROUP = Path("/sys/fs/cgroup")
GPU_DRIVER = Path("/proc/driver/nvidia")
FREE_ON_GPU = "import torch; print(torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else -1)"


def claim(
    model: type[J], identifier: int, *, now: datetime, free: Callable[[J], int] | None = None
) -> "claims.Claim[J] | None":
    """Claims a job if it may start now (see `claims.claim`). Else None, and its row says why it waits.

    free: gives the free bytes for a job; None: they are measured.
    """
    if free is None:
        # A GPU is asked in a program that takes seconds: no lock, and no transaction, waits for it.
        on_gpu = free_on_gpu() if GPU_DRIVER.exists() and model is not GenerationJob and _working() else None
        free = partial(free_bytes, on_gpu=on_gpu)

    def may_start(job: J) -> bool:
        reason = reason_to_wait(job, now=now, free=free)
        if reason is None:
            return True
        model.objects.filter(pk=job.pk, status=JobStatus.QUEUED).update(
            error=reason,
            machine=processes.this_machine(),
            held_back_at=job.held_back_at or now,
            heartbeat_at=now,
        )
        return False

    with transaction.atomic():
        # One at a time: two workers that measure at the same moment would both find the same memory free.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('memory'), 0)")
        return claims.claim(model, identifier, now=now, may_start=may_start)


def reason_to_wait(job: J, *, now: datetime, free: Callable[[J], int]) -> Sentence | None:
    """Why a queued job cannot start on this machine now; None: it can."""
    if is_full(settings.VAR_DIR):
        return Sentence(_("The disk of the files is full: it starts once there is room."))
    if isinstance(job, Run) and settings.TRAINING_HOSTS > 1:
        # Two runs that each wait for the other's host would wait for ever.
        other = Run.objects.filter(status__in=CLAIMED_STATUSES).exclude(pk=job.pk).order_by("pk").first()
        if other is not None:
            return Sentence(_("After %(job)s: a run uses all machines for training."), {"job": name_of(other)})
        # They hold a machine's only place for training: its worker could not join.
        if any(kind.objects.filter(status__in=CLAIMED_STATUSES).exists() for kind in _HOLDING):
            return Sentence(_("After an evaluation or a learning curve: a run uses all machines for training."))
    needed = bytes_needed(job)
    if not needed:
        return None
    first = _held_back_before(job, now)
    if first is not None:
        return Sentence(_("After %(job)s, which waits for memory."), {"job": name_of(first)})
    others = [each for each in _working() if each != job]
    if not others:
        return None
    if not settings.JOBS_SIDE_BY_SIDE:
        return Sentence(_("Not beside %(job)s: jobs run one at a time here."), {"job": name_of(others[0])})
    promised = sum(_yet_to_take(each, now) for each in others) + int(settings.JOBS_MEMORY_RESERVE_GIB * GIB)
    left = max(0, free(job) - promised)
    if left >= needed:
        return None
    values = {"job": name_of(others[0]), "free": _gib(left), "need": _gib(needed)}
    return Sentence(_("Not beside %(job)s: %(free)s GiB are free, about %(need)s GiB are needed."), values)


_NAMES: dict[type[HoldingJob], str] = {
    Run: _("Run %(number)s"),
    SuiteRun: _("Suite run %(number)s"),
    GenerationJob: _("Generation %(number)s"),
    PriceJob: _("Learning curve %(number)s"),
    SelectionJob: _("Choice of pairs %(number)s"),
    BlameJob: _("Search for doubtful pairs %(number)s"),
}


def name_of(job: HoldingJob) -> Sentence:
    """The name of a job, without its campaign."""
    return Sentence(_NAMES[type(job)], {"number": job.pk})


def bytes_needed(job: HoldingJob) -> int:
    """An estimate of the memory that a job needs on its worker's machine; 0: its server does the work."""
    if isinstance(job, TrainingJob):
        weights, shape = _model(_trained(job))
        # A longer pair has a row of its own, so the shortest step may still be larger. The engine checks that itself.
        tokens = int(job.config.get("tokens_per_row", TOKENS_PER_STEP))
        one = PROGRAM + _held(weights, job) + ACTIVATION_BYTES * tokens * shape["layers"] * shape["width"]
        # On a CPU all its processes share the memory; on GPUs each has one of its own.
        processes_ = 1 if isinstance(job, BlameJob) else int(job.config.get("processes") or settings.TRAINING_GPUS)
        return one if GPU_DRIVER.exists() else one * max(1, processes_)
    if settings.GENERATOR_URLS:
        return 0
    longest = int(job.settings.get("max_tokens", PROMPT_TOKENS))
    tokens = min(SAMPLER_TOKENS, SAMPLER_ROWS * (PROMPT_TOKENS + longest))
    needs = []
    for version in versions_of(job):
        weights, shape = _model(version)
        needs.append(2 * weights + tokens * shape["kept"])
    return PROGRAM + max(needs, default=0)  # one version after the other


def _trained(job: TrainingJob) -> ModelVersion:
    """The version with whose base model a job computes."""
    if isinstance(job, Run):
        return job.parent
    return job.base if isinstance(job, PriceJob) else job.version


def _held(weights: int, run: TrainingJob) -> int:
    """The bytes of a run's model beside those of its folder: it is read, then kept in the format of its products. In
    four bits a GPU holds the codes and what is not a linear layer; a machine without one holds the read model too."""
    if run.config.get("quantization", UNQUANTIZED) == UNQUANTIZED:
        return 2 * weights
    return weights // 2 if GPU_DRIVER.exists() else weights + weights // 2


def versions_of(job: WritingJob) -> list[ModelVersion]:
    """The versions that write in a job, one after the other."""
    return [job.version] if isinstance(job, SuiteRun) else list(job.versions.all())


def free_bytes(job: HoldingJob, *, on_gpu: int | None = None) -> int:
    """The free bytes of the memory that a job would use: the machine's, its control group's, or its GPU's.

    on_gpu: of the GPU, as measured before; None: not yet.
    """
    free = min(int(psutil.virtual_memory().available), _free_in_control_group())
    if not isinstance(job, TrainingJob) or not GPU_DRIVER.exists():
        return free
    measured = free_on_gpu() if on_gpu is None else on_gpu
    return measured if measured >= 0 else free


def free_on_gpu() -> int:
    """The free bytes of the GPU; -1: none can be used.

    In a process of its own: a CUDA context would stay in the worker's memory, and in the GPU's.
    """
    answer = subprocess.run([sys.executable, "-c", FREE_ON_GPU], capture_output=True, text=True, check=False)
    return int(answer.stdout) if answer.returncode == 0 else -1


def _free_in_control_group(root: Path = CONTROL_GROUP) -> int:
    """Bytes left below the limit; memory that the kernel would reclaim (inactive files) counts as free."""
    try:
        limit, used = (int((root / name).read_text()) for name in ("memory.max", "memory.current"))
        lines = (root / "memory.stat").read_text().splitlines()
        return limit - used + next(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    except (OSError, ValueError, StopIteration):  # no control groups, or no limit ("max")
        return sys.maxsize


def _model(version: ModelVersion) -> tuple[int, dict[str, int]]:
    """The bytes of a version's weights, and its shape: layers, width, and the bytes kept of a token while sampling."""
    folder = Path(version.base_dir)
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = {}
    config = config.get("text_config", config)
    layers, width = int(config.get("num_hidden_layers", 0)), int(config.get("hidden_size", 0))
    heads = int(config.get("num_attention_heads", 1))
    head = int(config.get("head_dim") or width // heads)
    kept = 4 * layers * head * int(config.get("num_key_value_heads") or heads)  # keys and values, two bytes each
    return weights, {"layers": layers, "width": width, "kept": kept}


def _yet_to_take(job: HoldingJob, now: datetime) -> int:
    """The bytes that a job will still take: its need less what its processes hold, until it has settled."""
    if job.started_at is not None and now - job.started_at > SETTLED_AFTER:
        return 0
    return max(0, bytes_needed(job) - (processes.children_memory(job.worker) or 0))


def _held_back_before(job: HoldingJob, now: datetime) -> HoldingJob | None:
    """The job that has waited longest for memory on this machine, if it has waited longer than this one."""
    waiting = _here(status=JobStatus.QUEUED, held_back_at__isnull=False, heartbeat_at__gt=now - TRIED_WITHIN)
    since = {each: each.held_back_at or now for each in waiting if each != job}
    first = min(since, key=lambda each: since[each], default=None)
    return first if first is not None and since[first] < (job.held_back_at or now) else None


def _working() -> list[HoldingJob]:
    """The jobs that take memory of this machine now."""
    return [each for each in _here(status__in=CLAIMED_STATUSES) if bytes_needed(each)]


def _here(**condition: object) -> list[HoldingJob]:
    machine = processes.this_machine()
    runs = Run.objects.filter(machine=machine, **condition).select_related("parent").order_by("pk")
    generations = GenerationJob.objects.filter(machine=machine, **condition).prefetch_related("versions").order_by("pk")
    suites = SuiteRun.objects.filter(machine=machine, **condition).select_related("version").order_by("pk")
    curves = PriceJob.objects.filter(machine=machine, **condition).select_related("base").order_by("pk")
    choices = SelectionJob.objects.filter(machine=machine, **condition).select_related("version").order_by("pk")
    searches = BlameJob.objects.filter(machine=machine, **condition).select_related("version").order_by("pk")
    return [*runs, *generations, *suites, *curves, *choices, *searches]


def _gib(size: int) -> str:
    return f"{size / GIB:.1f}"
