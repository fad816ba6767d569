"""TCM as DaoyiG/TC-Depth (497e7fd) measures it: `evaluate_tcm.py`."""

import csv
import os
import tempfile
import types
from pathlib import Path

import numpy as np
import torch

from golden_arrays import CAMERA, HEIGHT, WIDTH, load, numbers, scene, short, turn, write


def tc_depth(folder):
    code = load(folder, "evaluate_tcm", {"open3d": {}, "tqdm": {"tqdm": lambda items: items}})
    random = np.random.default_rng(2)
    camera = np.array([[30.0, 0, 19.0, 0], [0, 31.0, 11.5, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    inverse = torch.from_numpy(np.linalg.pinv(camera)).unsqueeze(0)
    code.get_intrinsics = lambda path: (torch.from_numpy(camera).unsqueeze(0), inverse)
    frame_ids = [0, -1, 1, -2, 2]
    truths, predictions, flows, poses = [], [], [], []
    for _ in range(2):
        target = scene(random, 1)[0].astype(np.float64)
        sparse = target.copy()
        sparse[random.random(target.shape) < 0.3] = 0
        truth, prediction, flow, pose = {0: sparse}, {}, {}, {}
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
        for frame in frame_ids[1:]:
            motion = turn(0.004 * frame, [0.05 * frame, 0, -0.2 * frame])
            points = np.stack([(x - 19.0) / 30.0 * target, (y - 11.5) / 31.0 * target, target, np.ones_like(target)])
            moved = np.tensordot(motion, points, 1)
            u, v = 30.0 * moved[0] / moved[2] + 19.0, 31.0 * moved[1] / moved[2] + 11.5
            u, v = short(u), short(v)
            flow[frame] = np.stack([(2 * u + 1) / WIDTH - 1, (2 * v + 1) / HEIGHT - 1], -1)[None]
            pose[frame] = motion[None]
            truth[frame] = short(moved[2] + 0.12 * random.standard_normal(target.shape))
        for frame in frame_ids:
            coarse = scene(random, 1, HEIGHT // 2, WIDTH // 2)[0].astype(np.float64)
            prediction[frame] = short(0.3 * coarse)[None, None]
        truths.append({frame: depth[None, None] for frame, depth in truth.items()})
        predictions.append(prediction)
        flows.append(flow)
        poses.append(pose)
    torch.set_default_dtype(torch.float64)
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)
        try:
            os.makedirs("splits/tcm")
            os.mkdir("errors")
            Path("splits/tcm/tcm_test_files.txt").write_text("a/a 0 l\nb/b 0 l\n")
            np.savez("splits/tcm/gt_temp_components_5frames.npz", depth=truths, pose=poses, flow=flows)
            np.savez("predictions.npz", depth=predictions)
            code.evaluate(
                types.SimpleNamespace(
                    results_path="predictions.npz", eval_split="tcm", data_path_test="", sample_rate=0.8,
                    model_name="golden", visualize=False, save_error=True, frame_ids=frame_ids, skip_ids=[],
                )
            )
            with open("errors/golden_error_pair_80.csv") as file:
                rows = list(csv.reader(file))[1:]
        finally:
            os.chdir(here)
            torch.set_default_dtype(torch.float32)
    snippets = []
    for i, name in enumerate(["a/a 0 l", "b/b 0 l"]):
        upsampled = {
            frame: torch.nn.functional.interpolate(
                torch.from_numpy(predictions[i][frame]), (HEIGHT, WIDTH), mode="bilinear", align_corners=False
            ).numpy()
            for frame in frame_ids
        }
        snippets.append(
            {
                "truth": numbers(truths[i][0]),
                "predicted": numbers(upsampled[0]),
                "sources": [
                    {
                        "truth": numbers(truths[i][frame]),
                        "predicted": numbers(upsampled[frame]),
                        "sourceFromTarget": numbers(poses[i][frame][0][:3]),
                        "flow": numbers(short(((flows[i][frame][0] + 1) * np.array([WIDTH, HEIGHT]) - 1) / 2)),
                        "errors": [float(v) for row in rows if row[0] == name and int(row[1]) == frame for v in row[2:]],
                    }
                    for frame in frame_ids[1:]
                ],
            }
        )
    write(
        "tc-depth.json",
        {"camera": CAMERA, "snippets": snippets},
    )
