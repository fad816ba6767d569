"""Writes the streaming form, and the whole window for comparison, as ONNX graphs that take any size.

Graph contract of the 'windowed-features' models: the frame graph turns a picture into features
f0, f1, ...; the window graph takes those it names and gives depth.
"""
from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnx
import torch
import torch.nn as nn

from .network import TcDepth
from .streaming import CONTEXT_FEATURES, FEATURES, FramePart, WholeWindow, WindowPart

OPSET = 18
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
    paths["frame"] = _export(frame_part, (frame, camera), ["frame", CAMERA], [f"f{i}" for i in range(len(FEATURES))],
                             (sides, None), folder / f"{stem}.frame.onnx")
    cells = {2: rows, 3: columns}
    skips = ({2: 4 * rows, 3: 4 * columns}, {2: 2 * rows, 3: 2 * columns}, cells)
    pairs = (cells, {0: rows, 1: columns, **cells}) * 3
    # Copies: the tracer takes one tensor given twice for one input.
    inputs = (*features, *(f.clone() for f in features[4:] * 2))
    paths["window"] = _export(window_part, inputs, window_inputs(), ["depth"], (*skips, cells, pairs),
                              folder / f"{stem}.window.onnx")
    if whole:
        paths["whole"] = _export(WholeWindow(network).eval(), (torch.stack([frame] * 3), camera), ["frames", CAMERA],
                                 ["depth"], ({1: sides[0], 2: sides[1]}, None), folder / f"{stem}.whole.onnx")
    return paths


def _export(part: nn.Module, inputs: tuple, names: list[str], outputs: list[str], shapes: tuple, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(part, inputs, input_names=names, output_names=outputs, opset_version=OPSET,
                                    dynamic_shapes=shapes, dynamo=True, verbose=False)
    model = program.model_proto
    # Where the tracer found each node in the source: paths of the exporting machine, of no use later.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
