"""A PyTorch module as an ONNX file, the way every published network is exported here."""
from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnx
import torch
import torch.nn as nn

OPSET = 18


def write_graph(module: nn.Module, example: tuple[torch.Tensor, ...], inputs: list[str], outputs: list[str], path: Path,
                sizes: tuple | None = None, as_written: bool = False) -> Path:
    """Exports `module` and checks the file; `path` again.

    inputs, outputs: names of the tensors. sizes: which sides of each input stay open (torch.export.Dim); without it the
    graph takes the example's sizes alone. as_written: nothing is folded, so that weights keep their names.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(module.eval(), example, input_names=inputs, output_names=outputs, opset_version=OPSET,
                                    dynamic_shapes=sizes, dynamo=True, optimize=not as_written, verbose=False)
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
