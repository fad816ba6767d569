"""Every published network that can be made from its authors' checkpoint, by the id of its card."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn as nn

from .checkpoint import Checkpoint
from .export import Graph
from .monodepth2 import Monodepth2


@dataclass(frozen=True)
class Published:
    """build: the network, empty; graphs: its ONNX graphs by part, from the network, its size (H, W) and the checkpoint."""
    build: Callable[[], nn.Module]
    graphs: Callable[[nn.Module, tuple[int, int], Checkpoint], dict[str, Graph]]
    size: tuple[int, int]


def _one_picture(output: str) -> Callable[[nn.Module, tuple[int, int], Checkpoint], dict[str, Graph]]:
    def graphs(network: nn.Module, size: tuple[int, int], _: Checkpoint) -> dict[str, Graph]:
        return {"graph": Graph(network, (torch.zeros(1, 3, *size),), ["picture"], [output])}
    return graphs


PUBLISHED = {
    "monodepth2-640x192": Published(Monodepth2, _one_picture("disp"), (192, 640)),
}
