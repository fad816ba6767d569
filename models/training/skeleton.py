"""A network without its weights, for timing: `python -m skeleton GRAPH.onnx ID.PART --size WxH [--out DIR]`.

Writes DIR/ID.PART.onnx, in which every float tensor of more than 256 values has lost them and keeps,
as its doc string, four numbers: mean, standard deviation, least and largest value. DIR/index.json
gets its parameters and its MACs at that size. `depthcast bench` fills such a file with seeded random
numbers again, so that a network of the exact shape can be timed where its weights are not to be had.
What it answers means nothing.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from tc_depth.macs import count_macs

FEW = 256
SHELF = Path(__file__).parents[2] / "bench" / "skeletons"


def strip(model: onnx.ModelProto) -> int:
    """Takes the weights out of `model`; the number of parameters taken."""
    taken = 0
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor).astype(np.float64)
        if values.size <= FEW:
            continue
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.doc_string = " ".join(f"{v:.4g}" for v in (values.mean(), values.std(), values.min(), values.max()))
        taken += values.size
    # Shapes found on the way, and names of the exporter's: of no use, and most of the file.
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        node.name = ""
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(prog="skeleton", description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    parser.add_argument("name", help="ID.PART, such as tc-depth.frame")
    parser.add_argument("--size", required=True, help="WxH at which MACs are counted")
    parser.add_argument("--out", type=Path, default=SHELF)
    options = parser.parse_args()
    width, height = (int(v) for v in options.size.split("x"))
    macs = sum(count_macs(options.graph, height, width).values())
    model = onnx.load(options.graph)
    taken = strip(model)
    options.out.mkdir(parents=True, exist_ok=True)
    target = options.out / f"{options.name}.onnx"
    target.write_bytes(model.SerializeToString())
    index = options.out / "index.json"
    graphs = json.loads(index.read_text()) if index.exists() else {}
    graphs[options.name] = {"parameters": taken, "size": options.size, "macs": macs}
    index.write_text(json.dumps(dict(sorted(graphs.items())), indent=2) + "\n")
    print(f"{target}: {target.stat().st_size} bytes, {taken / 1e6:.2f} M parameters, {macs / 1e9:.1f} GMAC", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
