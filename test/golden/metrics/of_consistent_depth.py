"""OPW and rTC as facebookresearch/TemporallyConsistentDepth (be85390) measures them: `eval/metrics.py`."""

import sys
from pathlib import Path

import numpy as np
import torch

from golden_arrays import CAMERA, HEIGHT, WIDTH, load, numbers, scene, short, turn, write


class ForgivingPath(list):
    """`eval/metrics.py` spells `append` another way in its head."""

    appand = list.append


def consistent_depth(folder):
    plain_path, plain_float = sys.path, torch.Tensor.float
    sys.path = ForgivingPath(sys.path)
    try:
        code = load(
            Path(folder) / "eval",
            "metrics",
            {
                "ssim": {"SSIM": None}, "raft": {"RAFT": None}, "utils": {}, "utils.utils": {"InputPadder": None},
                "skimage": {}, "skimage.metrics": {"structural_similarity": None},
            },
        )
    finally:
        sys.path = list(plain_path)
    random = np.random.default_rng(4)
    depths = [frame.astype(np.float64) for frame in scene(random, 2)]
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    smooth = 120 + 30 * np.sin(x / 9) + 20 * np.cos(y / 7)
    pictures = [
        short(np.stack([smooth + c * 7 + 4 * random.standard_normal(smooth.shape) for c in range(3)])) for _ in (0, 1)
    ]
    flow = short(np.stack([0.6 + 0.02 * x, -0.3 + 0.01 * y + 0.2 * random.standard_normal(smooth.shape)]))
    motion = turn(0.01, [0.05, -0.02, -0.3])
    camera = np.array([[30.0, 0, 19.0], [0, 31.0, 11.5], [0, 0, 1]])
    metrics = object.__new__(code.Metrics)
    metrics.device, metrics.h, metrics.w, metrics.flow_limit = torch.device("cpu"), HEIGHT, WIDTH, 250
    metrics.ygrid, metrics.xgrid = torch.meshgrid(
        torch.arange(HEIGHT - 1, -1, -1, dtype=torch.float64), torch.arange(0, WIDTH, dtype=torch.float64), indexing="ij"
    )
    # Their world looks along -z with y upwards.
    flip = np.diag([1.0, -1, -1, 1])
    upwards = camera.copy()
    upwards[1, 2] = HEIGHT - 1 - camera[1, 2]
    tensor = lambda array: torch.from_numpy(np.asarray(array))
    d0, d1 = (tensor(depth)[None, None] for depth in depths)
    img0, img1 = (tensor(picture)[None] for picture in pictures)
    mask = torch.ones_like(d0)
    torch.Tensor.float = torch.Tensor.double
    try:
        results = {}
        for name, resample in (("plain", False), ("motion", True)):
            arguments = dict(
                resample=resample, pose_d0_to_d1=tensor(flip @ motion @ flip), K=tensor(upwards),
                flow=tensor(flow)[None], mask=mask,
            )
            results[name] = {
                "opw": float(metrics.OPW(d0, d1, img0, img1, **arguments)),
                "rtc": float(metrics.rTC(d0, d1, img0, img1, **arguments)),
            }
    finally:
        torch.Tensor.float = plain_float
    write(
        "consistent-depth.json",
        {
            "camera": CAMERA,
            "depths": [numbers(depth) for depth in depths],
            "pictures": [numbers(picture.transpose(1, 2, 0)) for picture in pictures],
            "flow": numbers((flow + np.stack([x, y])).transpose(1, 2, 0)),
            "oneFromZero": numbers(motion[:3]),
            "results": results,
        },
    )
