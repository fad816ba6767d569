"""Every published network that can be made from its authors' checkpoint, by the id of its card."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn as nn

from .checkpoint import Checkpoint
from .diffnet import DiffNet
from .export import Graph
from .glpdepth import GlpDepth
from .manydepth import FramePart, ManyDepth, WindowPart
from .monodepth2 import Monodepth2
from . import zoedepth


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
    open: Callable[[Path], tuple[nn.Module, Checkpoint]] | None = None
    """The network with the weights of a checkpoint, where `build` and `checkpoint.load` are not the way."""
    packages: tuple[str, ...] = ()
    """Python packages it needs beside those of every import."""


def _one_picture(output: str, taken: str = "picture") -> Callable[[nn.Module, tuple[int, int], Checkpoint], dict[str, Graph]]:
    def graphs(network: nn.Module, size: tuple[int, int], _: Checkpoint) -> dict[str, Graph]:
        return {"graph": Graph(network, (torch.zeros(1, 3, *size),), [taken], [output])}
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


ZOE_OUTPUTS = {"n": ["predicted_depth"], "k": ["predicted_depth"], "nk": ["nyu_depth", "kitti_depth", "domain_logits"]}


def _zoe(variant: str, size: tuple[int, int]) -> Published:
    def graphs(network: nn.Module, size: tuple[int, int], _: Checkpoint | None) -> dict[str, Graph]:
        return {"graph": Graph(network, (torch.zeros(1, 3, *size),), ["pixel_values"], ZOE_OUTPUTS[variant])}

    def opened(folder: Path) -> tuple[nn.Module, Checkpoint]:
        network, checkpoint = zoedepth.load(folder, variant)
        return zoedepth.AsGraph(network), checkpoint

    # The graph that the shipped cards of N and K are for normalises by itself; transformers' network does not.
    card = {"input": {"mean": [0.5] * 3, "std": [0.5] * 3}, "output": {"tensor": ZOE_OUTPUTS[variant][0]}}
    return Published(lambda: zoedepth.AsGraph(zoedepth.build(variant)), graphs, size, card, open=opened,
                     packages=("transformers", "safetensors"))


PUBLISHED = {
    "glp-depth-kitti": Published(lambda: GlpDepth(80.0), _one_picture("predicted_depth", "pixel_values"), (192, 640),
                                 gains={"last_layer_depth.": 2.0, "decoder.": 1.5}, card={"output": {"scale": 1}}),
    "glp-depth-nyu": Published(lambda: GlpDepth(10.0), _one_picture("predicted_depth", "pixel_values"), (480, 640)),
    "manydepth-640x192": Published(ManyDepth, _posed_pair, (192, 640), pictures=2),
    "diffnet-640x192": Published(DiffNet, _one_picture("disp"), (192, 640), gains={"encoder.": 0.7, "depth.": 1.2}),
    "diffnet-1024x320": Published(DiffNet, _one_picture("disp"), (320, 1024)),
    "monodepth2-640x192": Published(Monodepth2, _one_picture("disp"), (192, 640)),
    "zoe-depth-n": _zoe("n", (384, 512)),
    "zoe-depth-k": _zoe("k", (384, 768)),
    "zoe-depth-nk": _zoe("nk", (384, 512)),
}
