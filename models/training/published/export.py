"""Writes a published network's graphs as ONNX files, whose tensors are named as its card says."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn as nn

from written_graph import write_graph


@dataclass(frozen=True)
class Graph:
    """One ONNX file to be: the module, an example of what it takes, and the tensors' names."""
    module: nn.Module
    example: tuple[torch.Tensor, ...]
    inputs: list[str]
    outputs: list[str]


def export(graph: Graph, path: Path, as_written: bool = False) -> Path:
    """Exports a graph of one fixed size. as_written: nothing is folded, so that weights keep their names."""
    return write_graph(graph.module, graph.example, graph.inputs, graph.outputs, path, as_written=as_written)
