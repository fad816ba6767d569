"""Makes the goldens beside this file by running the published evaluation code on seeded arrays.

  python make-goldens.py --monodepth2 DIR --tc-depth DIR --video-depth-anything DIR --consistent-depth DIR

Each DIR is a checkout of the GitHub repository: nianticlabs/monodepth2 (b676244), DaoyiG/TC-Depth (497e7fd),
DepthAnything/Video-Depth-Anything (4f5ae23), facebookresearch/TemporallyConsistentDepth (be85390). Nothing of
theirs is copied: their functions are imported and called. What they import but do not need here (networks, plots,
RAFT) is replaced by empty modules, and tensors are kept in double precision. Needs numpy, torch and opencv-python.
"""

import argparse
import contextlib
import csv
import importlib
import io
import json
import os
import sys
import tempfile
import types
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
HEIGHT, WIDTH = 16, 28


def stub(name, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


def load(folder, name, stubs):
    """Imports a module from a checkout, with empty modules in place of what this script does not need."""
    before = dict(sys.modules)
    for other, content in stubs.items():
        stub(other, **content)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for other in list(sys.modules):
            if other not in before and (other in stubs or other == name):
                del sys.modules[other]


def numbers(array):
    """As short as they can be written: inputs are rounded before they are used, see `short`."""
    values = [float(value) for value in np.asarray(array, dtype=np.float64).ravel()]
    return [int(value) if value.is_integer() else value for value in values]


def short(array):
    """Whole multiples of 1/1024: exact in float32, and short in a file."""
    return np.round(np.asarray(array) * 1024) / 1024


def write(name, golden):
    (HERE / name).write_text(json.dumps(golden) + "\n")
    print(name, "written")


def scene(random, frames, height=HEIGHT, width=WIDTH):
    """A road that rises and falls a little from frame to frame, float32 as files hold it."""
    rows = np.arange(height)[:, None] + 1.0
    columns = np.arange(width)[None, :]
    base = 40.0 / rows + 0.02 * columns + 4.0
    return [short(base * (1 + 0.03 * random.standard_normal((height, width)))).astype(np.float32) for _ in range(frames)]


def turn(angle, shift):
    c, s = np.cos(angle), np.sin(angle)
    pose = np.eye(4)
    pose[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    pose[:3, 3] = shift
    return pose


def monodepth2(folder):
    code = load(
        folder,
        "evaluate_depth",
        {
            "layers": {"disp_to_depth": None},
            "utils": {"readlines": None},
            "options": {"MonodepthOptions": None},
            "datasets": {},
            "networks": {},
        },
    )
    random = np.random.default_rng(1)
    images, truths, disparities = [], [], []
    for i in range(3):
        truth = scene(random, 1)[0].astype(np.float64) * (1 + i)
        truth[random.random(truth.shape) < 0.5] = 0
        truth[random.random(truth.shape) < 0.02] = 95.0
        # Half the size: bilinear weights are then whole quarters and free of rounding.
        disparity = short(0.02 + random.random((HEIGHT // 2, WIDTH // 2)))
        truths.append(truth)
        disparities.append(disparity)
    found = []
    plain = code.compute_errors
    code.compute_errors = lambda gt, pred: found.append(plain(gt, pred)) or found[-1]
    with tempfile.TemporaryDirectory() as temporary:
        code.splits_dir = temporary
        os.mkdir(os.path.join(temporary, "eigen"))
        np.savez(os.path.join(temporary, "eigen", "gt_depths.npz"), data=np.stack(truths))
        np.save(os.path.join(temporary, "disps.npy"), np.stack(disparities))
        for scaled in (True, False):
            found.clear()
            code.evaluate(
                types.SimpleNamespace(
                    eval_mono=True, eval_stereo=False, ext_disp_to_eval=os.path.join(temporary, "disps.npy"),
                    eval_eigen_to_benchmark=False, save_pred_disps=False, no_eval=False, eval_split="eigen",
                    pred_depth_scale_factor=1, disable_median_scaling=not scaled,
                )
            )
            for i, errors in enumerate(found):
                images.append({"image": i, "medianScaling": scaled, "errors": numbers(errors)})
    pairs = {"truth": short(5 + 40 * random.random(200)), "predicted": short(5 + 40 * random.random(200))}
    write(
        "monodepth2.json",
        {
            "order": ["absRel", "sqRel", "rmse", "rmseLog", "d1", "d2", "d3"],
            "pairs": {name: numbers(values) for name, values in pairs.items()},
            "pairErrors": numbers(plain(pairs["truth"], pairs["predicted"])),
            "width": WIDTH,
            "height": HEIGHT,
            "truths": [numbers(truth) for truth in truths],
            "disparities": [numbers(disparity) for disparity in disparities],
            "images": images,
        },
    )


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
        {"camera": {"width": WIDTH, "height": HEIGHT, "fx": 30, "fy": 31, "cx": 19, "cy": 11.5}, "snippets": snippets},
    )


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
            "camera": {"width": WIDTH, "height": HEIGHT, "fx": 30, "fy": 31, "cx": 19, "cy": 11.5},
            "maxDepth": 30,
            "truths": [numbers(truth) for truth in truths],
            "disparities": [numbers(disparity) for disparity in disparities],
            "worldFromCamera": [numbers(pose[:3]) for pose in poses],
            "tae": float(result),
        },
    )


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
            "camera": {"width": WIDTH, "height": HEIGHT, "fx": 30, "fy": 31, "cx": 19, "cy": 11.5},
            "depths": [numbers(depth) for depth in depths],
            "pictures": [numbers(picture.transpose(1, 2, 0)) for picture in pictures],
            "flow": numbers((flow + np.stack([x, y])).transpose(1, 2, 0)),
            "oneFromZero": numbers(motion[:3]),
            "results": results,
        },
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    makers = {
        "monodepth2": monodepth2,
        "tc-depth": tc_depth,
        "video-depth-anything": video_depth_anything,
        "consistent-depth": consistent_depth,
    }
    for name in makers:
        parser.add_argument(f"--{name}", metavar="DIR")
    given = vars(parser.parse_args())
    for name, make in makers.items():
        folder = given[name.replace("-", "_")]
        if folder:
            with contextlib.redirect_stdout(io.StringIO()) as said:
                make(os.path.abspath(folder))
            print(said.getvalue().strip().splitlines()[-1])
