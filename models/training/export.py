"""Checkpoint -> three ONNX graphs and graphs.json, each checked against PyTorch at four sizes.

python export.py --checkpoint RUN/last.pt --out ../weights
"""
from __future__ import annotations

import argparse
import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch.utils.flop_counter import FlopCounterMode

from graphs import (FRAME_OUTPUTS, SINGLE_INPUTS, WINDOW_INPUTS, FrameGraph, SingleGraph,
                    WindowGraph, fold_residuals, prepared)
from network import DEPTH_RANGE, F_CANONICAL, TcDepthLite
from pretrained import load_tcmonodepth

SIZES = [(640, 192), (416, 128), (448, 256), (320, 96)]
OPSET = 17


def load_network(checkpoint: Path | None, data: Path) -> tuple[TcDepthLite, dict]:
    """The network of a training checkpoint, or the start of training where none is given."""
    net = TcDepthLite()
    if checkpoint is None:
        load_tcmonodepth(net, data / "models/tcmonodepth_small.pt.tar")
        return net, {"steps": 0, "data": ["TCMonoDepth-small checkpoint, not trained further"]}
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    net.load_state_dict(state["average"] if "average" in state else state["network"])
    facts = state["facts"]
    return net, {"data": [f"{name} ({count} frames)" for name, count in facts["frames"].items()], **facts}


def axes(names: list[str]) -> dict[str, dict[int, str]]:
    """Dynamic axes by name: pictures H, W; features their own; keys and values N."""
    table: dict[str, dict[int, str]] = {"frame": {0: "H", 1: "W"}, "depth": {2: "H", 3: "W"}}
    for name in names:
        part = name.split(".")[-1]
        if part in ("f0", "f1", "f2", "f3"):
            stride = (2, 4, 8, 16)[int(part[1])]
            table[name] = {2: f"H/{stride}", 3: f"W/{stride}"}
        elif part in ("f4", "f5"):
            table[name] = {2: "N"}
    return {n: table[n] for n in names if n in table}


def inputs_for(width: int, height: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    picture = torch.randint(0, 256, (height, width, 3), generator=torch.Generator().manual_seed(seed),
                            dtype=torch.uint8)
    return picture, torch.tensor([0.58 * width, 0.58 * width, width / 2.0, height / 2.0])


def write(module: torch.nn.Module, args: tuple, inputs: list[str], outputs: list[str], path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, args, str(path), dynamo=False, opset_version=OPSET, input_names=inputs,
                          output_names=outputs, dynamic_axes=axes(inputs + outputs))
    model = onnx.load(str(path))
    fold_residuals(model)
    onnx.save(model, str(path))
    onnx.checker.check_model(str(path))


def session(path: Path, threads: int = 2) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def describe(path: Path, macs: int, parameters: int) -> dict:
    graph = onnx.load(str(path)).graph

    def shape(value) -> dict:
        t = value.type.tensor_type
        return {"name": value.name, "type": onnx.TensorProto.DataType.Name(t.elem_type).lower(),
                "shape": [d.dim_param or d.dim_value for d in t.shape.dim]}

    data = path.read_bytes()
    return {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data),
            "parameters": parameters, "macs640x192": macs,
            "inputs": [shape(v) for v in graph.input], "outputs": [shape(v) for v in graph.output]}


def macs(module: torch.nn.Module, args: tuple) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*args)
    return counter.get_total_flops() // 2


def worst_difference(paths: dict[str, Path], modules: dict[str, torch.nn.Module]) -> float:
    """Largest relative depth difference ONNX to PyTorch, over SIZES, window and single."""
    run = {k: session(p) for k, p in paths.items()}
    worst = 0.0
    for width, height in SIZES:
        views = [inputs_for(width, height, s) for s in range(3)]
        with torch.no_grad():
            ours = [modules["frame"](*v) for v in views]
        theirs = [run["frame"].run(None, {"frame": p.numpy(), "camera": c.numpy()}) for p, c in views]
        camera = views[0][1]
        for kind, names in (("window", WINDOW_INPUTS), ("single", SINGLE_INPUTS)):
            feed, args = {}, []
            for name in names[:-1]:
                who, what = name.split(".f")
                i = {"target": 0, "context0": 1, "context1": 2}[who]
                feed[name] = theirs[i][int(what)]
                args.append(ours[i][int(what)])
            with torch.no_grad():
                expected = modules[kind](*args, camera).numpy()
            got = run[kind].run(None, {**feed, "camera": camera.numpy()})[0]
            assert got.shape == (1, 1, height, width), got.shape
            worst = max(worst, float(np.max(np.abs(got - expected) / expected)))
    return worst


def export(checkpoint: Path | None, data: Path, out: Path, measured: dict | None = None) -> dict:
    net, facts = load_network(checkpoint, data)
    prepared(net)
    modules = {"frame": FrameGraph(net), "window": WindowGraph(net), "single": SingleGraph(net)}
    out.mkdir(parents=True, exist_ok=True)
    paths = {k: out / f"tc-depth-lite.{k}.onnx" for k in modules}
    picture = inputs_for(640, 192)
    with torch.no_grad():
        f = modules["frame"](*picture)
    args = {"frame": picture, "window": (*f[:5], f[4], f[5], f[4], f[5], picture[1]),
            "single": (*f[:4], picture[1])}
    names = {"frame": (["frame", "camera"], FRAME_OUTPUTS), "window": (WINDOW_INPUTS, ["depth"]),
             "single": (SINGLE_INPUTS, ["depth"])}
    sizes = {k: sum(p.numel() for p in part) for k, part in {
        "window": [p for part in (net.window_head, net.temporal.fuse, net.settle, net.fine) for p in part.parameters()],
        "single": list(net.single_head.parameters())}.items()}
    sizes["frame"] = sum(p.numel() for p in net.parameters()) - sizes["window"] - sizes["single"]
    graphs = {}
    for kind, module in modules.items():
        write(module, args[kind], *names[kind], paths[kind])
        graphs[kind] = describe(paths[kind], macs(module, args[kind]), sizes[kind])
    worst = worst_difference(paths, modules)
    if worst > 1e-4:
        raise SystemExit(f"ONNX differs from PyTorch by {worst:.2e} relative: the export is wrong")
    card = {"name": "tc-depth-lite", "opset": OPSET, "graphs": graphs,
            "parameters": sum(sizes.values()), "bytes": sum(g["bytes"] for g in graphs.values()),
            "fCanonical": F_CANONICAL, "depthRangeMetres": list(DEPTH_RANGE), "sizeMultiple": 32,
            "windowOffsets": [[-1, 0, 1], [-2, 0, 2], [-3, 0, 3], [-2, -1, 0], [-4, -2, 0], [-6, -3, 0]],
            "sizesChecked": [f"{w}x{h}" for w, h in SIZES], "onnxAgainstPytorch": worst,
            "training": facts, "measured": measured or {}}
    (out / "graphs.json").write_text(json.dumps(card, indent=2) + "\n")
    return card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=None, help="without it: the start of training")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "weights")
    parser.add_argument("--measured", type=Path, default=None, help="JSON written by evaluate.py")
    a = parser.parse_args()
    measured = json.loads(a.measured.read_text()) if a.measured else None
    card = export(a.checkpoint, a.data, a.out, measured)
    for kind, g in card["graphs"].items():
        print(f"{kind:7} {g['bytes']:>9,} bytes {g['parameters']:>8,} parameters {g['macs640x192'] / 1e6:8.1f} MMAC")
    print(f"all     {card['bytes']:>9,} bytes {card['parameters']:>8,} parameters, ONNX against PyTorch {card['onnxAgainstPytorch']:.1e}")


if __name__ == "__main__":
    main()
