"""Measures the exported graphs on footage that training never opened; prints a table, writes JSON.

python evaluate.py --data ../shared/data --weights ../weights [--size 640x192] [--out measured.json]
"""
from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

from data import KEPT_ASIDE, KITTI_FOCAL, STEREO_CAMERA, picture, poses_3x4, projection, scaled_camera
from export import session

OFFSETS = {"window": (-1, 1), "causal": (-2, -1)}


class Graphs:
    """The three ONNX graphs, run as the pipeline runs them: one frame pass a picture."""

    def __init__(self, weights: Path, threads: int = 2):
        self.run = {k: session(weights / f"tc-depth-lite.{k}.onnx", threads) for k in ("frame", "window", "single")}
        self.window_inputs = [i.name for i in self.run["window"].get_inputs()]

    def features(self, rgb: np.ndarray, camera: np.ndarray) -> list[np.ndarray]:
        return self.run["frame"].run(None, {"frame": rgb, "camera": camera})

    def feed(self, frames: list[list[np.ndarray]], camera: np.ndarray) -> dict[str, np.ndarray]:
        """frames: target, context0, context1."""
        out = {"camera": camera}
        for name in self.window_inputs[:-1]:
            who, number = name.split(".f")
            out[name] = frames[{"target": 0, "context0": 1, "context1": 2}[who]][int(number)]
        return out

    def single(self, features: list[np.ndarray], camera: np.ndarray) -> np.ndarray:
        feed = {f"target.f{i}": features[i] for i in range(4)}
        return self.run["single"].run(None, {**feed, "camera": camera})[0][0, 0]

    def sequence(self, images: np.ndarray, camera: np.ndarray, head: str) -> np.ndarray:
        """Depth [n,H,W] in metres of consecutive pictures uint8 [n,H,W,3]; edge frames repeat."""
        every = [self.features(rgb, camera) for rgb in images]
        if head == "single":
            return np.stack([self.single(f, camera) for f in every])
        last, (a, b) = len(images) - 1, OFFSETS[head]
        clamp = lambda i: min(max(i, 0), last)  # noqa: E731
        return np.stack([self.run["window"].run(None, self.feed(
            [every[i], every[clamp(i + a)], every[clamp(i + b)]], camera))[0][0, 0] for i in range(len(images))])


def garg(shape: tuple[int, int]) -> np.ndarray:
    """Garg crop (ECCV 2016) as Eigen-split evaluations use it."""
    h, w = shape
    mask = np.zeros(shape, bool)
    mask[int(0.40810811 * h):int(0.99189189 * h), int(0.03594771 * w):int(0.96405229 * w)] = True
    return mask


def accuracy(depths: np.ndarray, truths: list[np.ndarray], low: float, high: float, crop: bool) -> dict:
    """Mean over pictures of AbsRel and delta < 1.25, in metres and after median scaling."""
    rows = []
    for depth, truth in zip(depths, truths):
        mask = (truth > low) & (truth < high)
        if crop:
            mask &= garg(truth.shape)
        if mask.sum() < 20:
            continue
        d = cv2.resize(depth, truth.shape[::-1], interpolation=cv2.INTER_LINEAR)[mask]
        t = truth[mask]
        ratio = float(np.median(t) / np.median(d))
        row = []
        for scaled in (d, d * ratio):
            c = np.clip(scaled, low, high)
            row += [np.mean(np.abs(c - t) / t), np.mean(np.maximum(c / t, t / c) < 1.25)]
        rows.append(row + [ratio])
    m = np.mean(rows, 0)
    return {"absRel": round(float(m[0]), 4), "d1": round(float(m[1]), 4), "absRelScaled": round(float(m[2]), 4),
            "d1Scaled": round(float(m[3]), 4), "scaleMedian": round(float(np.median([r[4] for r in rows])), 3),
            "scaleSpread": round(float(np.std([r[4] for r in rows]) / np.mean([r[4] for r in rows])), 4),
            "pictures": len(rows)}


def self_reprojection(depths: np.ndarray, poses: np.ndarray, camera: np.ndarray, high: float = 80.0) -> dict:
    """Depth of t carried into t-1 with the true pose, against depth of t-1: |carried - seen| / seen.

    mean: over all pixels that land inside and lie nearer than `high` metres, each capped at 1;
    trimmed: over the 80 % smallest (occlusions and moving things fall out, as in TC-Depth's TCM).
    """
    h, w = depths.shape[1:]
    v, u = np.mgrid[0:h, 0:w].astype(np.float64)
    fx, fy, cx, cy = camera.astype(np.float64)
    means, trimmed = [], []
    for t in range(1, len(depths)):
        z = depths[t].astype(np.float64)
        points = np.stack([(u - cx) / fx * z, (v - cy) / fy * z, z, np.ones_like(z)]).reshape(4, -1)
        x, y, carried, _ = np.linalg.inv(poses[t - 1]) @ poses[t] @ points
        px, py = x / np.maximum(carried, 1e-3) * fx + cx, y / np.maximum(carried, 1e-3) * fy + cy
        ok = (px >= 0) & (px <= w - 1) & (py >= 0) & (py <= h - 1) & (carried > 0.1) & (carried < high)
        seen = cv2.remap(depths[t - 1], px.reshape(h, w).astype(np.float32), py.reshape(h, w).astype(np.float32),
                         cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(-1)
        error = np.minimum(np.abs(carried - seen)[ok] / seen[ok], 1.0)
        means.append(error.mean())
        trimmed.append(np.sort(error)[:int(0.8 * len(error))].mean())
    return {"mean": round(float(np.mean(means)), 5), "trimmed": round(float(np.mean(trimmed)), 5)}


def truth_png(path: Path, unit: float = 256.0) -> np.ndarray:
    raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return np.where((raw > 0) & (raw < 65535), raw / unit, 0).astype(np.float32)


def measure(graphs: Graphs, data: Path, size: tuple[int, int]) -> dict:
    heads, out = ("window", "causal", "single"), {}
    base = data / "kitti_odometry/sequences/04"
    shots = sorted((base / "image_2").glob("*.*g"))
    full = cv2.imread(str(shots[0])).shape
    camera = scaled_camera(*projection(base / "calib.txt", "P2"), (full[1], full[0]), size)
    images = np.stack([picture(p, size) for p in shots])
    truths = [truth_png(p) for p in sorted((base / "gt_depth_cam2").glob("*.png"))]
    poses = poses_3x4(data / "kitti_odometry/poses/04.txt")
    out["sequence04"] = {}
    for head in heads:
        depths = graphs.sequence(images, camera, head)
        out["sequence04"][head] = accuracy(depths, truths, 1e-3, 80, True) | {
            "selfReprojection": self_reprojection(depths, poses, camera)}

    drive, first = data / "kitti_raw/2011_09_26/2011_09_26_drive_9001_sync", KEPT_ASIDE["drive9001_from"]
    shots = sorted((drive / "image_02").rglob("*.*g"))[first:]
    camera = scaled_camera(*projection(drive.parent / "calib_cam_to_cam.txt", "P_rect_02"), (1242, 375), size)
    images = np.stack([picture(p, size) for p in shots])
    truths = [truth_png(drive / "gt_depth_cam2" / f"{p.stem}.png") for p in shots]
    out["drive9001SecondHalf"] = {h: accuracy(graphs.sequence(images, camera, h), truths, 1e-3, 80, True) for h in heads}

    shots = sorted((data / "kitti_stereo2015/image_2").glob("*.*g"))[-KEPT_ASIDE["stereo_last"]:]
    camera = scaled_camera(*STEREO_CAMERA, (640, 192), size)
    depths = np.stack([graphs.single(graphs.features(picture(p, size), camera), camera) for p in shots])
    truths = [truth_png(data / "kitti_stereo2015/gt_depth" / f"{p.stem}.png") for p in shots]
    out["stereo2015Last12"] = {"single": accuracy(depths, truths, 1e-3, 80, False)}

    kitchen = data / "rgbd_redkitchen"
    shots = sorted(kitchen.rglob("*.color.*g"))[KEPT_ASIDE["redkitchen_from"]:]
    stems = [str(p).split(".color")[0] for p in shots]
    room = (512, 384)
    camera = scaled_camera(585, 585, 319.5, 239.5, (640, 480), room)
    images = np.stack([picture(p, room) for p in shots])
    truths = [truth_png(Path(s + ".depth.png"), 1000.0) for s in stems]
    poses = np.stack([np.loadtxt(s + ".pose.txt") for s in stems])
    out["redkitchenLast60"] = {}
    for head in heads:
        depths = graphs.sequence(images, camera, head)
        out["redkitchenLast60"][head] = accuracy(depths, truths, 0.1, 10, False) | {
            "selfReprojection": self_reprojection(depths, poses, camera, 10)}
    return out


def milliseconds(graphs: Graphs, size: tuple[int, int], repeats: int = 100) -> dict:
    """Median wall time of each graph; meaningful only on an idle machine."""
    rgb = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    camera = np.array([KITTI_FOCAL * size[0]] * 2 + [size[0] / 2, size[1] / 2], np.float32)
    f = graphs.features(rgb, camera)
    calls = {"frame": lambda: graphs.features(rgb, camera), "single": lambda: graphs.single(f, camera),
             "window": lambda: graphs.run["window"].run(None, graphs.feed([f, f, f], camera))}
    out = {}
    for name, call in calls.items():
        times = []
        for _ in range(repeats):
            began = time.perf_counter()
            call()
            times.append(1e3 * (time.perf_counter() - began))
        out[name] = {"median": round(float(np.median(times[10:])), 2), "least": round(float(np.min(times)), 2)}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=Path(__file__).parent.parent / "weights")
    parser.add_argument("--size", default="640x192")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=None)
    a = parser.parse_args()
    size = tuple(int(v) for v in a.size.split("x"))
    graphs = Graphs(a.weights, a.threads)
    found = {"size": a.size, "threads": a.threads, "milliseconds": milliseconds(graphs, size), **measure(graphs, a.data, size)}
    for place, heads in found.items():
        for head, row in heads.items() if isinstance(heads, dict) else ():
            print(f"{place:20} {head:7} {json.dumps(row)}")
    if a.out:
        a.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
