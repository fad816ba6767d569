"""A network without its weights, for timing: `python -m skeleton GRAPH.onnx ID.PART --size WxH [--out DIR]`.

Writes DIR/ID.PART.onnx, in which every float tensor of more than 256 values has lost them and keeps,
as its doc string, five numbers: mean, standard deviation, least and largest value, and a seed.
DIR/index.json gets its parameters and its MACs at that size. `depthcast bench` fills such a file with
seeded random numbers again, so that a network of the exact shape can be timed where its weights are
not to be had: what it answers then means nothing, unless its weights were made by `seeded_weights`
in the first place, when they come out the same.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from seeded_weights import Description, seed_of
from tc_depth.macs import count_macs

FEW = 256
SHELF = Path(__file__).parents[2] / "bench" / "skeletons"


def strip(model: onnx.ModelProto, made: dict[str, Description] | None = None) -> int:
    """Takes the weights out of `model`; the number of parameters taken.

    made: how `seeded_weights.fill_state` made them, by the names they have in the graph. With it only
    those are taken, whatever their size, and a graph that holds others of some size is refused.
    """
    taken = 0
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor).astype(np.float64)
        if made is not None:
            description = made.get(tensor.name)
            if description is None and values.size > FEW:
                raise ValueError(f"{tensor.name} was not made from a seed: export without constant folding")
        elif values.size > FEW:
            spread = [float(v) for v in (values.mean(), values.std(), values.min(), values.max())]
            description = Description(*spread, seed_of(tensor.name))
        else:
            description = None
        if description is None:
            continue
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.doc_string = description.text
        taken += values.size
    # Shapes found on the way, and names of the exporter's: of no use, and most of the file.
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        node.name = ""
    return taken


def shelve(graph: Path, name: str, size: tuple[int, int], out: Path = SHELF, made: dict[str, Description] | None = None) -> Path:
    """Writes the graph without its weights as OUT/NAME.onnx and its figures into OUT/index.json. size: (H, W)."""
    macs = sum(count_macs(graph, *size).values())
    model = onnx.load(graph)
    taken = strip(model, made)
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{name}.onnx"
    target.write_bytes(model.SerializeToString())
    index = out / "index.json"
    graphs = json.loads(index.read_text()) if index.exists() else {}
    graphs[name] = {"parameters": taken, "size": f"{size[1]}x{size[0]}", "macs": macs}
    index.write_text(json.dumps(dict(sorted(graphs.items())), indent=2) + "\n")
    print(f"{target}: {target.stat().st_size} bytes, {taken / 1e6:.2f} M parameters, {macs / 1e9:.1f} GMAC", file=sys.stderr)
    return target


def main() -> int:
    parser = argparse.ArgumentParser(prog="skeleton", description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    parser.add_argument("name", help="ID.PART, such as tc-depth.frame")
    parser.add_argument("--size", required=True, help="WxH at which MACs are counted")
    parser.add_argument("--out", type=Path, default=SHELF)
    options = parser.parse_args()
    width, height = (int(v) for v in options.size.split("x"))
    shelve(options.graph, options.name, (height, width), options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
