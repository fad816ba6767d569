"""The numbers of test/golden/published: `python -m published.make_golden ID REFERENCE`.

Fills our network with weights by seed, hands them to the authors' code (REFERENCE, a checkout kept
outside this repository) under the names their checkpoints have, lets that answer a test picture, and
writes a sample of its answer; then exports our network without its weights, which the test fills in
again (seeded_weights.py). So the golden numbers are the reference's, the graph is ours.
"""
from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import torch

from seeded_weights import fill_state
from skeleton import shelve

from .checkpoint import Checkpoint
from .export import export
from .networks import PUBLISHED
from .reference import REFERENCES

EVERY = 61
"""Each 61st pixel, row by row, is kept: 2,015 of 640x192, at changing columns."""
GOLDEN = Path(__file__).parents[3] / "test" / "golden" / "published"


def picture(height: int, width: int, shift: int = 0) -> torch.Tensor:
    """RGB uint8 [H,W,3] by integers alone, the same in every language."""
    y = torch.arange(height).view(-1, 1, 1)
    x = torch.arange(width).view(1, -1, 1) + shift
    c = torch.arange(3).view(1, 1, -1)
    block = (x // 12) * 73 + (y // 8) * 151 + c * 199
    hashed = (block * block * 31 + block * 17) % 251
    return ((hashed * 3 + (y * 255 // height) + (x % 12) * 4) // 4 % 256).to(torch.uint8)


def as_input(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.permute(2, 0, 1)[None].float() / 255


def example(size: tuple[int, int], pictures: int) -> list[torch.Tensor]:
    """What our network takes: the test picture, and for two of them the one before and KITTI's camera."""
    height, width = size
    if pictures == 1:
        return [as_input(picture(*size))]
    return [as_input(picture(*size)), as_input(picture(*size, 5)), torch.tensor([0.58 * width, 1.92 * height, width / 2, height / 2])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("id", choices=sorted(REFERENCES))
    parser.add_argument("reference", type=Path)
    parser.add_argument("--out", type=Path, default=GOLDEN)
    options = parser.parse_args()
    torch.set_num_threads(1)
    published = PUBLISHED[options.id]
    network = published.build().eval()
    made = fill_state(network, published.gains)
    # A part of a network carries it under this name.
    made |= {f"network.{name}": description for name, description in made.items()}
    with torch.no_grad():
        expected = REFERENCES[options.id](options.reference, network, published.size, picture)
        ours = network(*example(published.size, published.pictures))
    difference = float(((ours - expected) / expected).abs().max())
    print(f"our network and the published code differ by at most {difference:.1e}", file=sys.stderr)
    if not difference <= 1e-4:
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    sample = [float(f"{v:.7g}") for v in expected.flatten()[::EVERY].tolist()]
    golden = {"size": list(published.size), "every": EVERY, "pytorchDifference": float(f"{difference:.2g}"), "answer": sample}
    (options.out / f"{options.id}.json").write_text(json.dumps(golden) + "\n")
    for part, graph in published.graphs(network, published.size, Checkpoint(None, {})).items():
        with tempfile.TemporaryDirectory() as folder:
            path = export(graph, Path(folder) / "graph.onnx", as_written=True)
            shelve(path, f"{options.id}.{part}", published.size, made=made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
