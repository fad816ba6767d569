"""TAE as DepthAnything/Video-Depth-Anything (4f5ae23) measures it: `benchmark/eval/eval_tae.py`."""

import os
import tempfile
import types
from pathlib import Path

import numpy as np
import torch

from golden_arrays import CAMERA, HEIGHT, WIDTH, load, numbers, scene, short, turn, write


def video_depth_anything(folder):
    pyplot = {"matplotlib": {}, "matplotlib.pyplot": {}, "scipy": {}, "scipy.ndimage": {"map_coordinates": None}}
    code = load(Path(folder) / "benchmark" / "eval", "eval_tae", {**pyplot, "tqdm": {"tqdm": lambda items: items}})
    code.device = torch.device("cpu")
    torch.set_num_threads(1)
    random = np.random.default_rng(3)
    frames = 4
    truths = [frame.astype(np.float64) for frame in scene(random, frames)]
    for truth in truths:
        truth[random.random(truth.shape) < 0.2] = 0
    disparities = [short(0.4 / np.maximum(frame, 1) + 0.05).astype(np.float32) for frame in scene(random, frames)]
    poses = [turn(0.01 * i, [0.02 * i, 0.01 * i, 0.3 * i]) for i in range(frames)]
    camera = np.array([[30.0, 0, 19.0], [0, 31.0, 11.5], [0, 0, 1]])
    with tempfile.TemporaryDirectory() as temporary:
        names = {"gt": [], "infer": []}
        for i in range(frames):
            for kind, array in (("gt", truths[i]), ("infer", disparities[i])):
                names[kind].append(os.path.join(temporary, f"{kind}{i}.npy"))
                np.save(names[kind][-1], array)
        options = types.SimpleNamespace(
            max_depth_eval=30.0, a=0, b=HEIGHT, c=0, d=WIDTH, mask=False, hard_crop=False
        )
        result = code.eval_TAE(names["infer"], names["gt"], [1.0] * frames, [], [camera] * frames, poses, options)
    write(
        "video-depth-anything.json",
        {
            "camera": CAMERA,
            "maxDepth": 30,
            "truths": [numbers(truth) for truth in truths],
            "disparities": [numbers(disparity) for disparity in disparities],
            "worldFromCamera": [numbers(pose[:3]) for pose in poses],
            "tae": float(result),
        },
    )
