"""Writes the streaming form, and the whole window for comparison, as ONNX graphs that take any size.

Graph contract of the 'windowed-features' models: the frame graph turns a picture into features
f0, f1, ...; the window graph takes those it names and gives depth.
"""
from __future__ import annotations

from pathlib import Path

import torch

from written_graph import write_graph

from .network import TcDepth
from .streaming import CONTEXT_FEATURES, FEATURES, FramePart, WholeWindow, WindowPart

CAMERA = "camera"


def window_inputs() -> list[str]:
    """Names of the window graph's features, in the order `WindowPart` takes them."""
    names = [f"target.f{i}" for i in range(len(FEATURES))]
    return names + [f"context{c}.f{i}" for c in range(2) for i in CONTEXT_FEATURES]


def export_graphs(network: TcDepth, folder: Path, stem: str, whole: bool = False,
                  size: tuple[int, int] = (64, 96)) -> dict[str, Path]:
    """Writes STEM.frame.onnx and STEM.window.onnx, with `whole` STEM.whole.onnx too; their paths by name.

    `size` is only the example the tracer runs on: H and W stay open, multiples of 8.
    """
    folder.mkdir(parents=True, exist_ok=True)
    height, width = size
    frame = torch.zeros(height, width, 3, dtype=torch.uint8)
    camera = torch.zeros(4)
    rows, columns = torch.export.Dim("rows", min=2, max=512), torch.export.Dim("columns", min=2, max=512)
    sides = {0: 8 * rows, 1: 8 * columns}
    paths = {}
    frame_part, window_part = FramePart(network).eval(), WindowPart(network).eval()
    with torch.no_grad():
        features = frame_part(frame, camera)
    paths["frame"] = write_graph(frame_part, (frame, camera), ["frame", CAMERA], [f"f{i}" for i in range(len(FEATURES))],
                                 folder / f"{stem}.frame.onnx", (sides, None))
    cells = {2: rows, 3: columns}
    skips = ({2: 4 * rows, 3: 4 * columns}, {2: 2 * rows, 3: 2 * columns}, cells)
    pairs = (cells, {0: rows, 1: columns, **cells}) * 3
    # Copies: the tracer takes one tensor given twice for one input.
    inputs = (*features, *(f.clone() for f in features[4:] * 2))
    paths["window"] = write_graph(window_part, inputs, window_inputs(), ["depth"], folder / f"{stem}.window.onnx",
                                  (*skips, cells, pairs))
    if whole:
        paths["whole"] = write_graph(WholeWindow(network), (torch.stack([frame] * 3), camera), ["frames", CAMERA], ["depth"],
                                     folder / f"{stem}.whole.onnx", ({1: sides[0], 2: sides[1]}, None))
    return paths
