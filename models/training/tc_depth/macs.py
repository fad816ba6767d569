"""Counts the multiply-accumulates of an ONNX graph: `python -m tc_depth.macs GRAPH.onnx --size 640x192`.

Conv, MatMul and Gemm are counted, the rest (softmax, exp, sums) is not. 1 MAC = 2 FLOP.
"""
from __future__ import annotations

import argparse
import math
import re
import tempfile
from pathlib import Path

import onnx
import onnxruntime
from onnx import shape_inference


def count_macs(path: Path, height: int, width: int) -> dict[str, int]:
    """MACs by kind of node for pictures of height x width (multiples of 8). Raises ValueError where a shape stays open."""
    with tempfile.TemporaryDirectory() as folder:
        # The runtime's constant folding settles every shape once the sides are known; plain inference does not.
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 3
        options.optimized_model_filepath = str(Path(folder) / "fixed.onnx")
        for name in _open_sides(path):
            options.add_free_dimension_override_by_name(name, _side(name, height // 8, width // 8))
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        model = onnx.load(options.optimized_model_filepath)
    model = shape_inference.infer_shapes(model, data_prop=True)
    shapes = {i.name: tuple(i.dims) for i in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.value_info, *model.graph.output):
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    counts: dict[str, int] = {}
    for node in model.graph.node:
        if node.op_type in ("Conv", "MatMul", "Gemm"):
            out = _known(shapes, node.output[0], node)
            second = _known(shapes, node.input[1], node)
            if node.op_type == "Conv":
                inner = math.prod(second[1:])
            elif node.op_type == "Gemm":
                inner = second[1] if any(a.name == "transB" and a.i for a in node.attribute) else second[0]
            else:
                inner = second[-2]
            counts[node.op_type] = counts.get(node.op_type, 0) + math.prod(out) * inner
    return counts


def _open_sides(path: Path) -> set[str]:
    inputs = onnx.load(path, load_external_data=False).graph.input
    return {dim.dim_param for value in inputs for dim in value.type.tensor_type.shape.dim if dim.dim_param}


def _side(name: str, rows: int, columns: int) -> int:
    """The value of a side named as `export` names them: `columns`, `8*rows`."""
    match = re.fullmatch(r"(?:(\d+)\*)?(rows|columns)", name)
    if match is None:
        raise ValueError(f"the graph has an open side named {name}; only multiples of rows and columns are known")
    return int(match[1] or 1) * (rows if match[2] == "rows" else columns)


def _known(shapes: dict[str, tuple[int, ...]], name: str, node: onnx.NodeProto) -> tuple[int, ...]:
    shape = shapes.get(name, ())
    if not shape or 0 in shape:
        raise ValueError(f"{node.op_type} {node.name}: the shape of {name} is not known")
    return shape


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path, nargs="+")
    parser.add_argument("--size", default="640x192", help="WxH of the picture (default 640x192)")
    options = parser.parse_args()
    width, height = (int(v) for v in options.size.split("x"))
    for path in options.graph:
        counts = count_macs(path, height, width)
        parts = ", ".join(f"{kind} {value / 1e9:.3f}" for kind, value in counts.items())
        print(f"{path.name}: {sum(counts.values()) / 1e9:.3f} GMAC ({parts})")


if __name__ == "__main__":
    main()
