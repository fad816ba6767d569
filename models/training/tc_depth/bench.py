"""What a new frame costs: `python -m tc_depth.bench [CHECKPOINT_DIR]` times the streaming form against the whole window.

Both run in this process, on the same threads, in turns, so that whatever else the machine does
falls on both. Without a checkpoint the weights are random: the arithmetic is the same.
"""
from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from .checkpoint import load_checkpoint
from .export import export_graphs
from .macs import count_macs
from .random_weights import random_network, texture
from .verify import feeds, session


def bench(graphs: dict[str, Path], size: tuple[int, int], threads: int, rounds: int) -> dict:
    """Milliseconds (median and least), MACs, the largest relative difference of the target's depth, bytes kept."""
    sessions = {name: session(path, threads) for name, path in graphs.items()}
    frames = [texture(*size, shift).numpy() for shift in (0, 7, -6)]
    camera = np.zeros(4, np.float32)
    kept = [sessions["frame"].run(None, {"frame": f, "camera": camera}) for f in frames[1:]]
    times: dict[str, list[float]] = {"frame": [], "window": [], "whole": []}
    for _ in range(rounds):
        at = time.perf_counter()
        target = sessions["frame"].run(None, {"frame": frames[0], "camera": camera})
        then = time.perf_counter()
        depth = sessions["window"].run(None, feeds(target, *kept))[0]
        now = time.perf_counter()
        whole = sessions["whole"].run(None, {"frames": np.stack(frames), "camera": camera})[0]
        for name, spent in (("frame", then - at), ("window", now - then), ("whole", time.perf_counter() - now)):
            times[name].append(1000 * spent)
    macs = {name: sum(count_macs(path, *size).values()) for name, path in graphs.items()}
    new = [a + b for a, b in zip(times["frame"], times["window"])]
    return {
        "size": f"{size[1]}x{size[0]}", "threads": threads, "rounds": rounds,
        "macs": macs | {"newFrame": macs["frame"] + macs["window"]},
        "milliseconds": {name: {"median": round(statistics.median(t), 1), "least": round(min(t), 1)}
                         for name, t in (times | {"newFrame": new}).items()},
        "ratio": {"macs": round(macs["whole"] / (macs["frame"] + macs["window"]), 3),
                  "median": round(statistics.median(times["whole"]) / statistics.median(new), 3),
                  "least": round(min(times["whole"]) / min(new), 3)},
        "largestRelativeDifference": float((np.abs(depth - whole[:1]) / whole[:1]).max()),
        "bytesKeptPerFrame": sum(f.nbytes for f in kept[0]), "bytesSentToWindow": sum(f.nbytes for f in feeds(target, *kept).values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, nargs="?", help="folder of the official files; random weights without")
    parser.add_argument("--width", type=float, default=1.0, help="width of the random network (default 1, the published one)")
    parser.add_argument("--size", default="640x192", help="WxH, multiples of 8 (default 640x192)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    width, height = (int(v) for v in options.size.split("x"))
    network = load_checkpoint(options.checkpoint).network if options.checkpoint else random_network(options.width)
    with tempfile.TemporaryDirectory() as folder:
        graphs = export_graphs(network, Path(folder), "tc-depth", whole=True)
        print(json.dumps(bench(graphs, (height, width), options.threads, options.rounds), indent=2))


if __name__ == "__main__":
    main()
