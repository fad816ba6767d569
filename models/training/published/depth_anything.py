"""Depth Anything V2 small as transformers builds it, for its shape alone: `python -m published.depth_anything`.

Writes bench/skeletons/depth-anything-v2-small.graph.onnx at 518x154, the size that the authors' rule gives to 640x192,
with weights by seed taken out. The published weights come ready as ONNX: `models pull depth-anything-v2-small`.
"""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch
import torch.nn as nn

from seeded_weights import fill_state
from skeleton import shelve

from .export import Graph, export

SIZE = (154, 518)


class DepthAnythingSmall(nn.Module):
    """Takes [1,3,H,W], ImageNet mean and deviation; answers inverse depth [1,H,W]."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

        backbone = Dinov2Config(hidden_size=384, num_hidden_layers=12, num_attention_heads=6, image_size=518, patch_size=14,
                                out_features=["stage3", "stage6", "stage9", "stage12"], reshape_hidden_states=False,
                                apply_layernorm=True)
        self.network = DepthAnythingForDepthEstimation(DepthAnythingConfig(
            backbone_config=backbone, reassemble_hidden_size=384, neck_hidden_sizes=[48, 96, 192, 384],
            fusion_hidden_size=64, head_hidden_size=32))

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.network(pixel_values).predicted_depth


def main() -> int:
    torch.set_num_threads(1)
    network = DepthAnythingSmall().eval()
    made = fill_state(network)
    graph = Graph(network, (torch.zeros(1, 3, *SIZE),), ["pixel_values"], ["predicted_depth"])
    with tempfile.TemporaryDirectory() as folder:
        shelve(export(graph, Path(folder) / "graph.onnx", as_written=True), "depth-anything-v2-small.graph", SIZE, made=made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
