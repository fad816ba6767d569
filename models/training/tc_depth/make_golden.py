"""Writes test/golden/tc-depth: `python -m tc_depth.make_golden PATH_OF_TC-DEPTH --out DIR`.

A narrow network with random weights runs in the published code (see `reference`); its depth at
some hundred pixels is kept, and our graphs of the same network. The test compares the two without
Python. PATH is a checkout of github.com/DaoyiG/TC-Depth outside this repository.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

import torch

from .card import write_card
from .checkpoint import load_checkpoint, save_checkpoint
from .decoder import depth_of
from .export import export_graphs
from .random_weights import random_network
from .reference import SIZE, Reference, frames_of

WIDTH, SEED = 1 / 16, 11
SHIFTS = (0, 7, -6)
"""How far the test picture has moved in t, t-1, t+1, in pixels."""
CAMERAS = {"kitti": (0.58, 1.92, 0.5, 0.5), "own": (0.9, 1.35, 0.46, 0.55)}
PIXELS = 120


def golden(reference_path: Path, folder: Path) -> dict:
    """Writes the graphs into the folder and answers the table of numbers."""
    height, width = SIZE
    with tempfile.TemporaryDirectory() as checkpoint:
        save_checkpoint(random_network(WIDTH, SEED), Path(checkpoint), SIZE)
        network = load_checkpoint(Path(checkpoint)).network
        reference = Reference(reference_path, Path(checkpoint), WIDTH)
    graphs = export_graphs(network, folder, "narrow", whole=True)
    write_card(graphs, folder / "narrow.json", "tc-depth-narrow", SIZE, "Random weights for tests", [], {}, {})
    # 7919 and 104729 are primes: the pixels lie all over the picture.
    pixels = [((i * 7919 + 13) % width, (i * 104729 + 5) % height) for i in range(PIXELS)]
    cases = []
    for name, camera in CAMERAS.items():
        # The released code gives the depth of all three frames of a window; (t-2, t-1, t) is the window of
        # t-1 in other words, so its frame t+1 is the newest frame's depth without look-ahead.
        depth = depth_of(reference.sigmoids(frames_of(SIZE, SHIFTS), camera)[0])
        cases.append({"camera": name, "normalised": camera,
                      "depth": {frame: [float(f"{float(depth[i, 0, y, x]):.8g}") for x, y in pixels]
                                for i, frame in enumerate(("t", "t-1", "t+1"))}})
    return {"made": "by the published code of TC-Depth (DaoyiG/TC-Depth@497e7fd) on random weights, make_golden.py",
            "size": {"width": width, "height": height}, "network": {"width": WIDTH, "seed": SEED},
            "shifts": dict(zip(("t", "t-1", "t+1"), SHIFTS)), "pixels": pixels, "cases": cases,
            "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in graphs.values()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reference", type=Path, help="checkout of the published code")
    parser.add_argument("--out", type=Path, required=True, help="test/golden/tc-depth")
    options = parser.parse_args()
    torch.set_num_threads(1)
    table = golden(options.reference, options.out)
    (options.out / "reference.json").write_text(json.dumps(table) + "\n")


if __name__ == "__main__":
    main()
