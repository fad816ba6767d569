"""Pseudo-labels: RT-MonoDepth-S in metres on KITTI roads, TCMonoDepth-small (relative) elsewhere."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import torch

from data import KITTI_FOCAL, RT_METRES, Source
from network import TcDepthLite
from pretrained import load_tcmonodepth

METRIC = ("kitti00", "kitti03", "clip268", "drive9001", "stereo2015")


def _half(array: np.ndarray, source: Source) -> np.ndarray:
    height, width = source.images.shape[1:3]
    return cv2.resize(array, (width // 2, height // 2), interpolation=cv2.INTER_AREA).astype(np.float16)


def metric_labels(source: Source, model: Path) -> np.ndarray:
    """Inverse depth in 1/metre [n,H/2,W/2], mean of the picture and its mirror image.

    The network knows one camera; pictures of another focal get the canonical-camera rule.
    """
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    name, out = session.get_inputs()[0].name, []
    zoom = source.camera[0] / (KITTI_FOCAL * source.images.shape[2])
    for rgb in source.images:
        x = cv2.resize(rgb, (640, 192), interpolation=cv2.INTER_LINEAR).astype(np.float32).transpose(2, 0, 1)[None] / 255
        plain = session.run(None, {name: x})[0][0, 0]
        mirror = session.run(None, {name: np.ascontiguousarray(x[..., ::-1])})[0][0, 0, :, ::-1]
        disparity = 0.01 + 9.99 * 0.5 * (plain + mirror)
        out.append(_half(disparity / RT_METRES / zoom, source))
    return np.stack(out)


def relative_labels(source: Source, checkpoint: Path) -> np.ndarray:
    """TCMonoDepth-small's inverse depth [n,H/2,W/2], mean over two sizes and mirror images."""
    net = TcDepthLite()
    load_tcmonodepth(net, checkpoint)
    net.eval()
    height, width = source.images.shape[1:3]
    sizes = [((int(width * s) + 16) // 32 * 32, (int(height * s) + 16) // 32 * 32)
             for s in (512 / width, 384 / width)]
    out = []
    with torch.no_grad():
        for rgb in source.images:
            total = 0.0
            for size in sizes:
                x = torch.from_numpy(cv2.resize(rgb, size).astype(np.float32)).permute(2, 0, 1)[None] / 255
                both = torch.cat([x, x.flip(-1)])
                features = net.encoder(both)
                raw = net.single_head(features[-1], net.skips(features))[:, 0]
                mean = 0.5 * (raw[0] + raw[1].flip(-1)).numpy()
                total = total + cv2.resize(mean, (width // 2, height // 2), interpolation=cv2.INTER_LINEAR)
            out.append((total / len(sizes)).astype(np.float16))
    return np.stack(out)


def add_teachers(source: Source, data: Path) -> Source:
    models = data / "models"
    if source.name in METRIC:
        source.metric = metric_labels(source, models / "rtmonodepth_s_ms_640_192.onnx")
    else:
        source.relative = relative_labels(source, models / "tcmonodepth_small.pt.tar")
    return source
