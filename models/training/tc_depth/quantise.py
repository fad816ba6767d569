"""The frame graph's convolutions in 8 bits: `python -m tc_depth.quantise FRAME.onnx WINDOW.onnx --pictures DIR`.

Most of a new frame's cost is the encoder's convolutions; on processors with VNNI their 8-bit form
is several times faster. Everything that measures distance or compares features stays in float32:
the coarse head's answer goes through exp(-2d), where a step of 1/255 is a cliff. Ranges come from
pictures of the kind the network will see. Prints how much depth changes against float32.
"""
from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from .random_weights import texture
from .verify import feeds, session


class Pictures(CalibrationDataReader):
    """Hands pictures [H,W,3] uint8 to the calibration, with KITTI's camera."""

    def __init__(self, pictures: list[np.ndarray]):
        self._feeds = iter([{"frame": p, "camera": np.zeros(4, np.float32)} for p in pictures])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


def read_pictures(folder: Path | None, size: tuple[int, int]) -> list[np.ndarray]:
    """The folder's JPEG and PNG pictures in order of name at H x W; test pictures where no folder is given."""
    if folder is None:
        return [texture(*size, 7 * i).numpy() for i in range(6)]
    from PIL import Image

    names = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    return [np.asarray(Image.open(p).convert("RGB").resize(size[::-1], Image.Resampling.LANCZOS)) for p in names]


def quantise_frame(graph: Path, out: Path, pictures: list[np.ndarray]) -> None:
    """Writes the frame graph with 8-bit encoder convolutions, weights by channel; the rest as it was."""
    encoder = [node.name for node in onnx.load(graph).graph.node
               if node.op_type == "Conv" and node.input[1].startswith("encoder.") and "encoder.conv1" not in node.input[1]]
    quantize_static(graph, out, Pictures(pictures), quant_format=QuantFormat.QDQ, per_channel=True, nodes_to_quantize=encoder,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax)


def compare(frames: dict[str, Path], window: Path, pictures: list[np.ndarray], threads: int, rounds: int) -> dict:
    """Depth change of the other frame graphs against "float32": median and 95 % of |a - b| / b, and each one's time."""
    camera = np.zeros(4, np.float32)
    head = session(window, threads)
    runners = {name: session(path, threads) for name, path in frames.items()}
    times: dict[str, list[float]] = {name: [] for name in frames}
    depths = {}
    for name, runner in runners.items():
        features = [runner.run(None, {"frame": p, "camera": camera}) for p in pictures[:3]]
        depths[name] = head.run(None, feeds(features[1], features[0], features[2]))[0]
    for _ in range(rounds):
        for name, runner in runners.items():
            at = time.perf_counter()
            runner.run(None, {"frame": pictures[0], "camera": camera})
            times[name].append(1000 * (time.perf_counter() - at))
    out = {}
    for name, depth in depths.items():
        change = np.abs(depth - depths["float32"]) / depths["float32"]
        out[name] = {"milliseconds": {"median": round(statistics.median(times[name]), 1), "least": round(min(times[name]), 1)},
                     "bytes": frames[name].stat().st_size,
                     "depthChange": {"median": float(np.median(change)), "p95": float(np.quantile(change, 0.95))}}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frame", type=Path)
    parser.add_argument("window", type=Path)
    parser.add_argument("--out", type=Path, help="the 8-bit graph (default: FRAME with .int8.onnx)")
    parser.add_argument("--pictures", type=Path, help="folder of pictures like those to come; needs Pillow")
    parser.add_argument("--size", default="640x192", help="WxH, multiples of 8 (default 640x192)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    width, height = (int(v) for v in options.size.split("x"))
    pictures = read_pictures(options.pictures, (height, width))
    out = options.out or options.frame.with_suffix(".int8.onnx")
    # The second half of the pictures sets the ranges, up to twelve; depth is compared on the first three of all.
    quantise_frame(options.frame, out, pictures[len(pictures) // 2 :][:12])
    print(json.dumps(compare({"float32": options.frame, "int8": out}, options.window, pictures, options.threads, options.rounds), indent=2))


if __name__ == "__main__":
    main()
