"""Writes a published network's graphs as ONNX files, whose tensors are named as its card says."""
from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
import torch.nn as nn

OPSET = 18


@dataclass(frozen=True)
class Graph:
    """One ONNX file to be: the module, an example of what it takes, and the tensors' names."""
    module: nn.Module
    example: tuple[torch.Tensor, ...]
    inputs: list[str]
    outputs: list[str]


def export(graph: Graph, path: Path, as_written: bool = False) -> Path:
    """Exports a graph of one fixed size. as_written: nothing is folded, so that weights keep their names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(graph.module.eval(), graph.example, input_names=graph.inputs, output_names=graph.outputs,
                                    opset_version=OPSET, dynamo=True, optimize=not as_written, verbose=False)
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
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path
