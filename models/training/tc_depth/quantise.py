"""The frame graph's convolutions in 8 bits, and what they cost: `python -m tc_depth.quantise FRAME.onnx WINDOW.onnx --pictures DIR`.

Most of a new frame's cost is the encoder's convolutions; on processors with VNNI their 8-bit form
is several times faster. Everything that measures distance or compares features stays in float32:
the coarse head's answer goes through exp(-2d), where a step of 1/255 is a cliff. Ranges come from
pictures of the kind the network will see; how much depth changes is measured on others.
`import_checkpoint --int8` makes a model of it, with the cost in its card.
"""
from __future__ import annotations

import argparse
import json
import logging
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from .random_weights import texture
from .verify import feeds, session

CALIBRATION = 16
"""Pictures that set the ranges, at most."""
WINDOWS = 4
"""Windows of three pictures whose depth is compared, at most."""
MOST_ROUNDS = 60


@dataclass(frozen=True)
class Pictures:
    """uint8 [H,W,3]: those that set the ranges, and windows of three whose depth is compared. They share none."""

    calibration: list[np.ndarray]
    windows: list[list[np.ndarray]]


class _Reader(CalibrationDataReader):
    """Hands pictures to the calibration, with KITTI's camera."""

    def __init__(self, pictures: list[np.ndarray]):
        self._feeds = iter([{"frame": p, "camera": np.zeros(4, np.float32)} for p in pictures])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


def picture_paths(folder: Path) -> list[Path]:
    """The folder's JPEG and PNG pictures, those of its folders too, in order of name."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))


def chosen(count: int) -> tuple[list[int], list[list[int]]]:
    """Which of `count` pictures in order set the ranges, and which windows of three neighbours are compared.

    The windows come from the first half, the others from the second, so that no picture does both.
    Fewer than eight pictures are too few: ValueError.
    """
    if count < 8:
        raise ValueError(f"{count} pictures are too few")
    half = count // 2
    windows = min(WINDOWS, half // 3)
    starts = [round(i * (half - 3) / max(1, windows - 1)) for i in range(windows)]
    calibration = min(CALIBRATION, count - half)
    picked = [half + round(i * (count - half - 1) / max(1, calibration - 1)) for i in range(calibration)]
    return picked, [[start, start + 1, start + 2] for start in starts]


def read_pictures(folder: Path | None, size: tuple[int, int]) -> Pictures:
    """Pictures of the folder at H x W, the library's test pictures where no folder is given. ValueError: too few."""
    if folder is None:
        picked, windows = chosen(12)
        made = [texture(*size, 7 * i).numpy() for i in range(12)]
        return Pictures([made[i] for i in picked], [[made[i] for i in window] for window in windows])
    from PIL import Image

    paths = picture_paths(folder)
    picked, windows = chosen(len(paths))

    def read(at: int) -> np.ndarray:
        return np.asarray(Image.open(paths[at]).convert("RGB").resize(size[::-1], Image.Resampling.LANCZOS))

    return Pictures([read(i) for i in picked], [[read(i) for i in window] for window in windows])


def quantise_frame(graph: Path, out: Path, pictures: list[np.ndarray]) -> None:
    """Writes the frame graph with 8-bit encoder convolutions, weights by channel; the rest as it was.

    The first convolution stays: it sees the picture's own 8 bits, and its ranges depend most on the footage.
    """
    encoder = [node.name for node in onnx.load(graph).graph.node
               if node.op_type == "Conv" and node.input[1].startswith("encoder.") and "encoder.conv1" not in node.input[1]]
    if not encoder:
        raise ValueError(f"{graph.name} has no convolutions of the encoder")
    level = logging.getLogger().level
    # It says of every graph that it was not prepared; ours has its norms folded and its shapes known.
    logging.getLogger().setLevel(logging.ERROR)
    try:
        quantize_static(graph, out, _Reader(pictures), quant_format=QuantFormat.QDQ, per_channel=True, nodes_to_quantize=encoder,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax)
    finally:
        logging.getLogger().setLevel(level)


def compare(float32: dict[str, Path], int8: dict[str, Path], windows: list[list[np.ndarray]], source: str, calibration: int,
            rounds: int) -> dict:
    """The card's `precision`: how much depth differs from that of the float32 graphs, and a new frame's time, in turns.

    Time is what one thread computes for, which other programs disturb little; small networks get more rounds, for a second.
    """
    camera = np.zeros(4, np.float32)
    forms = {name: {part: session(path, 1) for part, path in graphs.items()}
             for name, graphs in (("float32", float32), ("kernels", int8))}

    def features(name: str, picture: np.ndarray) -> list[np.ndarray]:
        return forms[name]["frame"].run(None, {"frame": picture, "camera": camera})

    def depth(name: str, target: list[np.ndarray], others: list[list[np.ndarray]]) -> np.ndarray:
        return forms[name]["window"].run(None, feeds(target, *others))[0]

    changes, kept = [], {}
    for window in windows:
        depths = {}
        for name in forms:
            before, target, after = (features(name, p) for p in window)
            depths[name], kept[name] = depth(name, target, [before, after]), [before, after]
        changes.append((np.abs(depths["kernels"] - depths["float32"]) / depths["float32"]).ravel())
    times: dict[str, list[float]] = {name: [] for name in forms}
    # Where the time of one thread is known to 16 ms only (Windows), the wall clock has to do.
    clock = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-4 else time.perf_counter
    while len(times["float32"]) < rounds or (sum(times["float32"]) < 1000 and len(times["float32"]) < MOST_ROUNDS):
        for name in forms if len(times["float32"]) % 2 == 0 else reversed(forms):
            at = clock()
            depth(name, features(name, windows[-1][1]), kept[name])
            times[name].append(1000 * (clock() - at))
    change = np.concatenate(changes)
    height, width = windows[0][0].shape[:2]
    return {
        "kernels": "int8",
        "comparedWith": "the float32 graphs of the same weights",
        "depthChange": {"median": _rounded(np.median(change)), "p95": _rounded(np.quantile(change, 0.95))},
        "pictures": {"source": source, "calibration": calibration, "compared": len(windows)},
        "speed": {"size": f"{width}x{height}", "threads": 1,
                  **{name: {"median": round(statistics.median(t), 2), "least": round(min(t), 2)} for name, t in times.items()},
                  "ratio": round(min(times["float32"]) / min(times["kernels"]), 3)},
        "bytes": {name: sum(path.stat().st_size for path in graphs.values())
                  for name, graphs in (("float32", float32), ("kernels", int8))},
    }


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frame", type=Path)
    parser.add_argument("window", type=Path)
    parser.add_argument("--out", type=Path, help="the 8-bit graph (default: FRAME with .int8.onnx)")
    parser.add_argument("--pictures", type=Path, help="folder of at least eight pictures like those to come; needs Pillow")
    parser.add_argument("--size", default="640x192", help="WxH, multiples of 8 (default 640x192)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    width, height = (int(v) for v in options.size.split("x"))
    pictures = read_pictures(options.pictures, (height, width))
    out = options.out or options.frame.with_suffix(".int8.onnx")
    quantise_frame(options.frame, out, pictures.calibration)
    source = options.pictures.name if options.pictures else "test pictures"
    print(json.dumps(compare({"frame": options.frame, "window": options.window}, {"frame": out, "window": options.window},
                             pictures.windows, source, len(pictures.calibration), options.rounds), indent=2))


if __name__ == "__main__":
    main()
