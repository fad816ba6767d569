"""Every published network that can be made from its authors' checkpoint, by the id of its card."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn as nn

from .checkpoint import Checkpoint
from .diffnet import DiffNet
from .export import Graph
from .glpdepth import GlpDepth
from .manydepth import FramePart, ManyDepth, WindowPart
from .monodepth2 import Monodepth2


@dataclass(frozen=True)
class Published:
    """build: the network, empty; graphs: its ONNX graphs by part, from the network, its size (H, W) and the checkpoint."""
    build: Callable[[], nn.Module]
    graphs: Callable[[nn.Module, tuple[int, int], Checkpoint], dict[str, Graph]]
    size: tuple[int, int]
    card: dict[str, dict] | None = None
    """What the card says of the graph made here that the shipped card, for another export, does not."""
    pictures: int = 1
    """How many it looks at."""
    gains: dict[str, float] | None = None
    """For weights by seed (`seeded_weights.fill_state`)."""


def _one_picture(output: str) -> Callable[[nn.Module, tuple[int, int], Checkpoint], dict[str, Graph]]:
    def graphs(network: nn.Module, size: tuple[int, int], _: Checkpoint) -> dict[str, Graph]:
        return {"graph": Graph(network, (torch.zeros(1, 3, *size),), ["picture"], [output])}
    return graphs


def _posed_pair(network: nn.Module, size: tuple[int, int], checkpoint: Checkpoint) -> dict[str, Graph]:
    low, high = (checkpoint.extra.get(f"{name}_depth_bin") for name in ("min", "max"))
    if low is not None and high is not None:
        network.low, network.high = low, high
    height, width = size
    half, quarter = torch.zeros(1, 64, height // 2, width // 2), torch.zeros(1, 64, height // 4, width // 4)
    picture, camera = torch.zeros(1, 3, height, width), torch.tensor([0.58 * width, 1.92 * height, width / 2, height / 2])
    taken = (picture, half, quarter, picture.clone(), quarter.clone(), camera)
    names = ["target.f0", "target.f1", "target.f2", "context0.f0", "context0.f2", "camera"]
    return {"frame": Graph(FramePart(network), (picture,), ["frame"], ["f0", "f1", "f2"]),
            "window": Graph(WindowPart(network), taken, names, ["disp"])}


PUBLISHED = {
    "glp-depth-kitti": Published(lambda: GlpDepth(80.0), _one_picture("predicted_depth"), (192, 640),
                                 gains={"last_layer_depth.": 2.0, "decoder.": 1.5}, card={"output": {"scale": 1}}),
    "glp-depth-nyu": Published(lambda: GlpDepth(10.0), _one_picture("predicted_depth"), (480, 640)),
    "manydepth-640x192": Published(ManyDepth, _posed_pair, (192, 640), pictures=2),
    "diffnet-640x192": Published(DiffNet, _one_picture("disp"), (192, 640), gains={"encoder.": 0.7, "depth.": 1.2}),
    "diffnet-1024x320": Published(DiffNet, _one_picture("disp"), (320, 1024)),
    "monodepth2-640x192": Published(Monodepth2, _one_picture("disp"), (192, 640)),
}
