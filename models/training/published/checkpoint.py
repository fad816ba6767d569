"""Reads official checkpoint folders: which file holds which part, what its names begin with, what else is in it."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn as nn


class CheckpointError(Exception):
    """The folder does not hold what it should; `advice` says what to do."""

    def __init__(self, message: str, advice: str):
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True)
class Checkpoint:
    """size: (H, W) the network was trained at, where the checkpoint says so; extra: numbers that lie beside the tensors."""
    size: tuple[int, int] | None
    extra: dict[str, float]


UNUSED = ("encoder.fc.", "fc.", "num_batches_tracked", "backprojector.", "projector.")
"""Names of tensors that inference does without: a classifier, counters, grids of pixels."""


def read(path: Path) -> dict:
    """A file of tensors; only tensors and numbers are unpickled, so a hostile file runs nothing."""
    if not path.is_file():
        raise CheckpointError(f"{path.name} is not there", f"the folder has to hold it: {path.parent}")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, all meaning the same here
        raise CheckpointError(f"{path.name} is no file of tensors ({type(error).__name__})", "download it again") from error
    found = found.get("model", found) if isinstance(found, dict) else found
    if not isinstance(found, dict):
        raise CheckpointError(f"{path.name} holds no named tensors", "download it again")
    return {name.removeprefix("module."): value for name, value in found.items()}


def load(network: nn.Module, folder: Path) -> Checkpoint:
    """Fills `network` from the files that its FILES names. Raises CheckpointError and names the first tensor in fault."""
    size, extra = None, {}
    for file, part in network.FILES.items():
        found = read(folder / file if folder.is_dir() else folder)
        if "height" in found and "width" in found:
            size = (int(found["height"]), int(found["width"]))
        extra.update({k: float(v) for k, v in found.items() if isinstance(v, (int, float)) and not isinstance(v, bool)
                      or isinstance(v, torch.Tensor) and v.dim() == 0 and v.is_floating_point()})
        prefix = getattr(network, "PREFIXES", {}).get(file, "")
        alias = getattr(network, "ALIASES", {}).get(file)
        target = getattr(network, part) if part else network
        wanted = target.state_dict()
        given = {}
        for name, value in found.items():
            own = name.removeprefix(prefix)
            if not isinstance(value, torch.Tensor) or (own not in wanted and any(u in name for u in UNUSED)):
                continue
            if alias is not None and name.startswith(alias):
                continue
            if own not in wanted:
                if own in extra:
                    continue
                raise CheckpointError(f"{file} holds {name}, which this network has no place for",
                                      "is it the checkpoint of another variant?")
            if value.shape != wanted[own].shape:
                raise CheckpointError(f"{file}: {name} is {list(value.shape)}, not {list(wanted[own].shape)}",
                                      "is it the checkpoint of another variant?")
            given[own] = value
        missing = [name for name in wanted if name not in given and not name.endswith("num_batches_tracked")]
        if missing:
            raise CheckpointError(f"{file} lacks {prefix}{missing[0]} and {len(missing) - 1} more" if len(missing) > 1
                                  else f"{file} lacks {prefix}{missing[0]}", "download it again")
        target.load_state_dict(given, strict=False)
    return Checkpoint(size, extra)
