"""Runs exported graphs in onnxruntime and compares them with PyTorch."""
from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .export import window_inputs
from .network import TcDepth
from .random_weights import texture
from .streaming import CONTEXT_FEATURES, WholeWindow

TOLERANCE = 1e-4
"""Largest relative difference of depth that counts as equal."""


@dataclass(frozen=True)
class Difference:
    """What was compared, and the largest |a - b| / b over all pixels.

    rounding: how far PyTorch's own float32 answer is from its float64 one, measured only where the
    difference is above TOLERANCE. Some weights magnify rounding; no two runtimes agree better than that.
    """

    case: str
    relative: float
    rounding: float = 0.0

    @property
    def equal(self) -> bool:
        return self.relative <= max(TOLERANCE, 2 * self.rounding)


def session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """A CPU session with that many threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def feeds(target: list[np.ndarray], first: list[np.ndarray], second: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The window graph's inputs out of three frames' features f0, f1, ..."""
    values = [*target, *(context[i] for context in (first, second) for i in CONTEXT_FEATURES)]
    return dict(zip(window_inputs(), values, strict=True))


def verify(network: TcDepth, graphs: dict[str, Path], size: tuple[int, int], threads: int = 1) -> list[Difference]:
    """Compares frame and window graph with the network as released, on test pictures of H x W.

    Three cases: the middle frame of a window, the newest (no look-ahead), and a camera of its own at
    half the size.
    """
    frame, window = session(graphs["frame"], threads), session(graphs["window"], threads)
    half = tuple(max(16, side // 16 * 8) for side in size)
    own = np.array([0.8 * half[1], 0.8 * half[1], 0.47 * half[1], 0.52 * half[0]], np.float32)
    none = np.zeros(4, np.float32)
    out = []
    for where, camera, cases in ((size, none, (("middle frame", 0), ("newest frame", 2))), (half, own, (("own camera, half size", 0),))):
        pictures = [texture(*where, shift) for shift in (0, 7, -6)]
        with torch.no_grad():
            truth = WholeWindow(network).eval()(torch.stack(pictures), torch.from_numpy(camera)).numpy()
        features = [frame.run(None, {"frame": p.numpy(), "camera": camera}) for p in pictures]
        for case, target in cases:
            others = [f for i, f in enumerate(features) if i != target]
            depth = window.run(None, feeds(features[target], *others))[0]
            difference = Difference(case, _worst(depth[0], truth[target]))
            if not difference.equal:
                exact = _in_float64(network, pictures, camera)[target]
                difference = Difference(case, _worst(depth[0], exact), _worst(truth[target], exact))
            out.append(difference)
    return out


def _worst(found: np.ndarray, expected: np.ndarray) -> float:
    return float((np.abs(found - expected) / expected).max())


def _in_float64(network: TcDepth, pictures: list[torch.Tensor], camera: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        frames = torch.stack(pictures).permute(0, 3, 1, 2).double() / 255.0
        return copy.deepcopy(network).double().eval()(frames, torch.from_numpy(camera).double()).numpy()
