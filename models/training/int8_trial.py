"""What 8-bit convolutions would cost TC-Depth Lite: python int8_trial.py --data ../shared/data [--weights ../weights]

A trial, of which nothing ships: RUNS.md has its table and why. QDQ, weights by channel, ranges from
16 pictures of the training set; accuracy on sequence 04, which neither training nor the ranges saw;
time as CPU time of one thread, which a busy machine disturbs less than wall time.
"""
from __future__ import annotations

import argparse
import logging
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from data import picture, poses_3x4, projection, scaled_camera
from evaluate import Graphs, accuracy, self_reprojection, truth_png

SIZE = (640, 192)
COARSE = ("/encoder/stages.2/", "/mix/", "/wide/blocks/")
NEAR = ("/settle/", "/window_head/up.0/", "/window_head/fine/")
FORMS = {
    "float32": ((), ()),
    "frame: strides 16, 32": (COARSE, ()),
    "frame: strides 8 to 32": (("/encoder/stages.1/", *COARSE), ()),
    "frame: all but stem, attention": (("/encoder/stages", *COARSE), ()),
    "window: strides 16, 8": ((), NEAR),
    "window: all but attention, last": ((), (*NEAR, "/window_head/up")),
    "both: strides 8 to 32": (("/encoder/stages.1/", *COARSE), NEAR),
    "both: all of these": (("/encoder/stages", *COARSE), (*NEAR, "/window_head/up")),
}
"""Beginnings of the names of the nodes in 8 bits, in the frame and in the window graph."""
OPERATORS = ("Conv", "Relu", "Concat", "Add", "Resize")
CALIBRATION = {"kitti_odometry/sequences/00/image_2": 10, "driving_mix": 6}
"""Folders of the training set and how many of their pictures, evenly spaced in order of name, set the ranges."""


class _Reader(CalibrationDataReader):
    def __init__(self, feeds: list[dict[str, np.ndarray]]):
        self._feeds = iter(feeds)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


def calibration_pictures(data: Path) -> list[np.ndarray]:
    """uint8 [H,W,3], the same for the same data."""
    out = []
    for folder, count in CALIBRATION.items():
        paths = sorted(p for p in (data / folder).rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
        if len(paths) < count:
            raise SystemExit(f"{data / folder} holds {len(paths)} pictures, {count} are needed; check --data")
        out += [picture(paths[round(i * (len(paths) - 1) / (count - 1))], SIZE) for i in range(count)]
    return out


def quantise(graph: Path, out: Path, starts: tuple[str, ...], feeds: list[dict[str, np.ndarray]]) -> None:
    """Writes the graph with 8-bit nodes where their names begin so; a copy where none are asked for."""
    if not starts:
        shutil.copy(graph, out)
        return
    names = [node.name for node in onnx.load(graph).graph.node if node.op_type in OPERATORS and node.name.startswith(starts)]
    quantize_static(graph, out, _Reader(feeds), quant_format=QuantFormat.QDQ, per_channel=True, nodes_to_quantize=names,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=Path(__file__).parent.parent / "weights")
    parser.add_argument("--rounds", type=int, default=40)
    a = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    base = a.data / "kitti_odometry/sequences/04"
    shots = sorted((base / "image_2").glob("*.*g"))
    full = picture(shots[0]).shape
    camera = scaled_camera(*projection(base / "calib.txt", "P2"), (full[1], full[0]), SIZE)
    images = np.stack([picture(p, SIZE) for p in shots])
    truths = [truth_png(p) for p in sorted((base / "gt_depth_cam2").glob("*.png"))]
    poses = poses_3x4(a.data / "kitti_odometry/poses/04.txt")
    calibration = calibration_pictures(a.data)
    plain = Graphs(a.weights, 1)
    every = [plain.features(p, camera) for p in calibration]
    feeds = {"frame": [{"frame": p, "camera": camera} for p in calibration],
             "window": [plain.feed([every[i], every[i - 1], every[(i + 1) % len(every)]], camera) for i in range(len(every))]}
    with tempfile.TemporaryDirectory() as folder:
        forms = {}
        for at, (name, starts) in enumerate(FORMS.items()):
            out = Path(folder) / str(at)
            out.mkdir()
            for part, beginnings in zip(("frame", "window", "single"), (*starts, ())):
                quantise(a.weights / f"tc-depth-lite.{part}.onnx", out / f"tc-depth-lite.{part}.onnx", beginnings, feeds.get(part, []))
            forms[name] = Graphs(out, 1)
        times: dict[str, list[float]] = {name: [] for name in forms}
        for _ in range(a.rounds):
            for name, graphs in forms.items():
                began = time.thread_time()
                target = graphs.features(images[1], camera)
                graphs.run["window"].run(None, graphs.feed([target, every[0], every[1]], camera))
                times[name].append(1e3 * (time.thread_time() - began))
        first = None
        for name, graphs in forms.items():
            depths = graphs.sequence(images, camera, "window")
            first = depths if first is None else first
            change, row = np.abs(depths - first) / first, accuracy(depths, truths, 1e-3, 80, True)
            print(f"{name:32} {min(times[name]):6.2f} ms least, {statistics.median(times[name]):6.2f} median; AbsRel {row['absRel']:.4f}, "
                  f"scaled {row['absRelScaled']:.4f}, d1 {row['d1']:.4f}; self-reprojection {self_reprojection(depths, poses, camera)['mean']:.4f}; "
                  f"depth changes by {100 * np.median(change):.2f} %, p95 {100 * np.quantile(change, 0.95):.1f} %", flush=True)


if __name__ == "__main__":
    main()
