"""Several processes that train one run together, started by ``torchrun``: each takes a share of every step's rows.

With an adapter every process holds all of the model (data parallel): gradients are summed by one all-reduce, because a
step's loss is already divided by the weight of the whole step. When everything is trained, weights, gradients and
optimizer are spread over the processes (FSDP2). Files are written by the first process alone; the processes share one
file system.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from training.engine.errors import InputError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Ranks:
    """This process among all. ``sharded``: the weights are spread over them, so that every process must run as many
    rows as every other. ``averaged``: FSDP takes the mean of all gradients itself."""

    rank: int = 0
    size: int = 1
    sharded: bool = False
    averaged: bool = False

    @property
    def main(self) -> bool:
        """Whether this is the process that writes files and events."""
        return self.rank == 0

    def share(self, rows: Sequence[Item]) -> Iterator[tuple[Item, bool]]:
        """This process's part of some rows, and for each row whether it counts: where all processes must run the same
        number, one with fewer rows runs a row again, which does not count."""
        own = rows[self.rank :: self.size]
        yield from ((row, True) for row in own)
        if self.sharded and len(own) < -(-len(rows) // self.size):
            yield rows[0], False

    def add_up(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum over all processes, the same in each."""
        if self.size == 1:
            return values
        tensor = torch.from_numpy(values.copy()).to(_device())
        dist.all_reduce(tensor)
        total: NDArray[np.float64] = tensor.cpu().numpy()
        return total

    def sum_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Every parameter's gradient becomes the sum over all processes, in one exchange. FSDP has done it already for
        parameters that are spread."""
        if self.size == 1 or self.averaged:
            return
        flat = torch.cat(
            [(torch.zeros_like(each) if each.grad is None else each.grad).flatten() for each in parameters]
        )
        dist.all_reduce(flat)
        parts = flat.split([each.numel() for each in parameters])
        for each, part in zip(parameters, parts, strict=True):
            each.grad = part.view_as(each)

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        return bool(self.add_up(np.array([float(flag)]))[0])

    def from_main(self, value: Any) -> Any:
        """The first process's value, in all of them."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def wait(self) -> None:
        """Block until all processes get here."""
        if self.size > 1:
            dist.barrier()


ALONE = Ranks()


def world_size() -> int:
    """How many processes torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def joined(device: str, *, sharded: bool, averaged: bool = False) -> Iterator[Ranks]:
    """The processes that torchrun started, connected for the time of the block, unless the caller has connected them;
    without torchrun one process alone."""
    size = world_size()
    if size == 1 or dist.is_initialized():
        yield ALONE if size == 1 else Ranks(int(os.environ["RANK"]), size, sharded, averaged)
        return
    cuda = device != "cpu" and torch.cuda.is_available()
    if cuda:
        own, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if own >= there:
            raise InputError(f"there are {there} GPUs for {own + 1} processes or more: set processes to {there}")
        torch.cuda.set_device(own)
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Ranks(int(os.environ["RANK"]), size, sharded, averaged)
    finally:
        dist.destroy_process_group()


def _device() -> torch.device:
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")


def shard(whole: nn.Module, layers: Sequence[nn.Module]) -> None:
    """Spread all weights over the processes (FSDP2): a layer's are gathered when it runs, the rest at the start.

    All are released after the forward: a pass without a backward would otherwise leave a gathered copy behind, which
    loading a checkpoint would not update.
    """
    for layer in layers:
        fully_shard(layer, mesh=_mesh())
    fully_shard(whole, mesh=_mesh(), reshard_after_forward=True)


def shard_frozen(whole: nn.Module, layers: Sequence[nn.Module], kept: set[nn.Parameter]) -> None:
    """Spread the layers' weights, of a model on ``meta`` too, but leave those that are ``kept``: the adapter, of which
    every process has all, and what lies outside the layers. The layers then hold their rows, not filled yet."""
    device = torch.device("cuda", torch.cuda.current_device()) if _device().type == "cuda" else _device()
    for layer in layers:
        fully_shard(layer, mesh=_mesh(), ignored_params=kept)
        layer.to_empty(device=device)
    fully_shard(whole, mesh=_mesh(), ignored_params=set(whole.parameters()))


def own_rows(parameter: Tensor) -> tuple[Tensor, int]:
    """This process's rows of a parameter that is spread, and the number of the first of them."""
    if not isinstance(parameter, DTensor):
        return parameter, 0
    each = -(-parameter.shape[0] // dist.get_world_size())
    return parameter.to_local(), min(each * dist.get_rank(), parameter.shape[0])


def _mesh() -> DeviceMesh:
    return dist.device_mesh.init_device_mesh(_device().type, (dist.get_world_size(),))


def gathered(tensor: Tensor) -> Tensor:
    """A tensor whole on the CPU. Where it is sharded, every process must call this."""
    whole = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return whole.detach().cpu().contiguous()


def spread_like(tensor: Tensor, target: Tensor) -> Tensor:
    """A whole tensor, sharded as the target is."""
    if not isinstance(target, DTensor):
        return tensor
    return distribute_tensor(tensor.to(target.device), target.device_mesh, target.placements)
