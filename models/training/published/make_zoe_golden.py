"""The numbers of test/golden/zoe-depth: `python -m published.make_zoe_golden [--full n|k|nk]`.

Fills narrow ZoeDepth networks with weights by seed, lets transformers' own forward answer a test picture (each head of
NK made the choice in turn), and writes a sample beside the graph without its weights, as make_golden does. With --full
the same is done for one network in full size (345 M parameters, about 8 GB of memory): its skeleton goes to
bench/skeletons, its sample to test/golden/zoe-depth/n-full.json, k-full.json, nk-full.json.
"""
from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import torch

from seeded_weights import fill_state
from skeleton import SHELF, shelve, strip

from . import zoedepth
from .export import export
from .make_golden import picture
from .networks import PUBLISHED

VARIANTS = ("n", "k", "nk")
GOLDEN = Path(__file__).parents[3] / "test" / "golden" / "zoe-depth"
GAINS = {"metric_head.": 2.0, "relative_head.": 1.5, "neck.": 1.3}
"""So that depth varies over the picture."""
FULL_GAINS = {"relative_head.": 1.2}
"""In full size the others would lift rounding above 1e-4 in transformers' own code already."""


def make(variant: str, size: tuple[int, int], narrow: bool) -> float:
    """Writes the sample and the graph; the largest relative difference of our wrapper and transformers."""
    network = zoedepth.build(variant, narrow)
    made = fill_state(network, GAINS if narrow else FULL_GAINS)
    made |= {f"network.{name}": description for name, description in made.items()}
    pixels = (picture(*size).permute(2, 0, 1)[None].float() / 255 - 0.5) / 0.5
    with torch.no_grad():
        expected = zoedepth.reference(network, pixels)
        ours = zoedepth.AsGraph(network)
        answers = ours(pixels)
        answers = [answers] if isinstance(answers, torch.Tensor) else list(answers)
    difference = max(float(((a - e) / e).abs().max()) for a, e in zip(answers, expected))
    graph = PUBLISHED[f"zoe-depth-{variant}"].graphs(ours, size, None)["graph"]
    every = 61 if narrow else 997
    sample = {name: [float(f"{v:.7g}") for v in e.flatten()[::every if e.dim() == 4 else 1].tolist()] for name, e in zip(graph.outputs, expected)}
    stem = variant if narrow else f"{variant}-full"
    (GOLDEN / f"{stem}.json").write_text(json.dumps({"size": list(size), "every": every, "answers": sample}) + "\n")
    spread = [f"{float(e.min()):.3f}..{float(e.max()):.3f}" for e in expected]
    print(f"{variant}: {sum(p.numel() for p in network.parameters()) / 1e6:.2f} M, answers {spread}, "
          f"wrapper and transformers differ by {difference:.1e}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = export(graph, Path(folder) / "graph.onnx", as_written=True)
        if narrow:
            import onnx
            model = onnx.load(path)
            strip(model, made)
            (GOLDEN / f"{variant}.onnx").write_bytes(model.SerializeToString())
        else:
            del network, ours
            shelve(path, f"zoe-depth-{variant}.graph", size, SHELF, made)
    return difference


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", choices=VARIANTS, help="this network in full size instead of the narrow ones")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.full:
        return 0 if make(options.full, PUBLISHED[f"zoe-depth-{options.full}"].size, narrow=False) <= 1e-4 else 1
    return 0 if max(make(variant, (96, 128), narrow=True) for variant in VARIANTS) <= 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
