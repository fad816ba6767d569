"""`python -m tc_depth.train --data DIR --cache DIR --out DIR`: trains TC-Depth by its published losses.

Windows (t, t-1, t+1) of the posed sequences that `data.py` reads; poses are known here, where the
published training estimates them by a network, so that depth comes out in metres. Every loss has a
weight, and 0 switches it off. The single-frame teacher of the motion mask is an ONNX network
(--teacher, sigmoid disparity as Monodepth2 answers it). OUT gets the official checkpoint layout, which
`depthcast models import tc-depth OUT` takes, and log.jsonl, a line of every loss a step.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import data as footage
from . import published_losses as losses
from .checkpoint import save_checkpoint
from .decoder import depth_of
from .network import TcDepth

WEIGHTS = {"photometric": 1.0, "motion": 1.0, "geometric": 0.1, "reference": 1.0, "smoothness": 1e-3}
"""As published; a loss of weight 0 is not computed."""


class Windows:
    """Posed windows of footage, chosen at random: pictures [3,3,H,W], camera [1,4], moves to t-1 and t+1."""

    def __init__(self, source: footage.Source, size: tuple[int, int], seed: int):
        if source.poses is None or source.camera is None:
            raise ValueError(f"{source.name} has no poses or no camera")
        self.source, self.size = source, size
        self.random = np.random.default_rng(seed)
        height, width = source.images.shape[1:3]
        self.camera = torch.from_numpy(footage.scaled_camera(*source.camera, (width, height), (size[1], size[0])))[None]

    def next(self) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        at = int(self.random.integers(1, len(self.source.images) - 1))
        picked = [at, at - 1, at + 1]
        pictures = torch.from_numpy(self.source.images[picked]).permute(0, 3, 1, 2).float() / 255
        pictures = F.interpolate(pictures, size=self.size, mode="bilinear", antialias=True, align_corners=False)
        world = np.linalg.inv(self.source.poses[picked[1:]]) @ self.source.poses[at]
        moves = [torch.from_numpy(m).float()[None] for m in world]
        camera = self.camera
        if self.random.random() < 0.5:
            pictures, camera, moves = flipped(pictures, camera, moves)
        return pictures, camera, moves


def flipped(pictures: torch.Tensor, camera: torch.Tensor, moves: list[torch.Tensor]):
    """The mirrored world: left and right exchanged, the camera's centre and the motion with it."""
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0, 1.0]))
    camera = camera.clone()
    camera[:, 2] = pictures.shape[-1] - 1 - camera[:, 2]
    return pictures.flip(-1), camera, [mirror @ m @ mirror for m in moves]


def jittered(pictures: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Brightness, contrast and colour of each frame changed on its own, as published; the losses see the originals."""
    if random.random() < 0.5:
        return pictures
    out = []
    for picture in pictures:
        bright, contrast, colour = (float(random.uniform(0.8, 1.2)) for _ in range(3))
        grey = picture.mean(0, keepdim=True)
        changed = (grey + (picture - grey) * colour) * bright
        out.append(((changed - changed.mean()) * contrast + changed.mean()).clamp(0, 1))
    return torch.stack(out)


def window_losses(network: TcDepth, seen: torch.Tensor, pictures: torch.Tensor, camera: torch.Tensor,
                  moves: list[torch.Tensor], teacher: torch.Tensor | None, weights: dict[str, float]) -> dict[str, torch.Tensor]:
    """Every loss of a window that is switched on, unweighted, mean over the four scales. seen: what the network sees."""
    size = tuple(pictures.shape[2:])
    *skips, feature = network.encoder(seen)
    sigmoids = network.decoder(skips, network.fuse(feature, camera[0], size))
    target, others = pictures[:1], [pictures[1:2], pictures[2:]]
    terms: dict[str, torch.Tensor] = {}

    def add(name: str, value: torch.Tensor) -> None:
        terms[name] = terms.get(name, 0) + value / len(sigmoids)

    for scale, sigmoid in enumerate(sigmoids):
        depths = depth_of(F.interpolate(sigmoid, size=size, mode="bilinear", align_corners=False))
        depth, neighbours = depths[:1], [depths[1:2], depths[2:]]
        loss, mask = losses.photometric(target, others, depth, camera, moves)
        if weights["photometric"]:
            add("photometric", loss)
        if weights["motion"] and teacher is not None:
            add("motion", losses.motion(depth, teacher))
        if weights["geometric"]:
            still = mask if teacher is None else mask * losses.motion_mask(depth.detach(), teacher)
            add("geometric", losses.geometric(target, depth, neighbours, camera, moves, still))
        if weights["smoothness"]:
            add("smoothness", losses.smoothness(depth, target) / 2 ** scale)
    if weights["reference"]:
        terms["reference"] = losses.reference(network.coarse(feature), depth_of(sigmoids[0]))
    return terms


class Teacher:
    """A single-frame network's depth in metres, at the size its graph takes."""

    def __init__(self, path: Path, metres: float):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.metres = metres
        shape = self.session.get_inputs()[0].shape
        self.size = (shape[2], shape[3]) if isinstance(shape[2], int) else None

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """RGB 0..1 [1,3,H,W] -> depth [1,1,H,W]."""
        size = tuple(picture.shape[2:])
        fed = F.interpolate(picture, size=self.size or size, mode="bilinear", antialias=True, align_corners=False)
        answer = torch.from_numpy(self.session.run(None, {self.session.get_inputs()[0].name: fed.numpy()})[0])
        depth = self.metres * depth_of(answer.view(1, 1, *answer.shape[-2:]))
        return F.interpolate(depth, size=size, mode="bilinear", align_corners=False)


def train(options: argparse.Namespace) -> dict[str, float]:
    """Runs the training; the last step's losses."""
    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    torch.set_num_threads(options.threads)
    width, height = (int(v) for v in options.size.split("x"))
    weights = {name: getattr(options, name) for name in WEIGHTS}
    sources = footage.load(options.data, options.cache, options.sequences.split(","))
    windows = [Windows(s, (height, width), options.seed + i) for i, s in enumerate(sources.values())]
    teacher = Teacher(options.teacher, options.teacher_metres) if options.teacher else None
    network = TcDepth(options.width).train()
    optimiser = torch.optim.Adam(network.parameters(), options.rate)
    milestones = [int(options.steps * share) for share in (0.5, 2 / 3)]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, milestones, 0.25)
    options.out.mkdir(parents=True, exist_ok=True)
    values: dict[str, float] = {}
    with open(options.out / "log.jsonl", "w", buffering=1) as log:
        for step in range(options.steps):
            pictures, camera, moves = windows[step % len(windows)].next()
            with torch.no_grad():
                # As published, the teacher leads through the first two thirds only.
                led = teacher is not None and step < milestones[1]
                taught = teacher(pictures[:1]) if led else None
            terms = window_losses(network, jittered(pictures, random), pictures, camera, moves, taught, weights)
            total = sum(weights[name] * term for name, term in terms.items())
            optimiser.zero_grad()
            total.backward()
            optimiser.step()
            schedule.step()
            values = {name: float(term.detach()) for name, term in terms.items()}
            log.write(json.dumps({"step": step, "total": float(total.detach()), **values}) + "\n")
            if step % 50 == 0:
                print(f"step {step}: " + ", ".join(f"{k} {v:.4f}" for k, v in values.items()), file=sys.stderr, flush=True)
    save_checkpoint(network.eval(), options.out, (height, width))
    return values


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="tc_depth.train", description=__doc__.split(":", 1)[1].strip(),
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", type=Path, default=Path("../shared/data"), help="footage as data.py reads it")
    made.add_argument("--cache", type=Path, required=True, help="where data.py keeps what it read")
    made.add_argument("--out", type=Path, required=True, help="folder of the checkpoint and the log")
    made.add_argument("--sequences", default="kitti00,kitti03", help="posed sources, by the names of data.py")
    made.add_argument("--size", default="640x192", help="WxH, multiples of 8")
    made.add_argument("--width", type=float, default=1.0, help="1: the published network; less: narrower")
    made.add_argument("--steps", type=int, default=20000)
    made.add_argument("--rate", type=float, default=1e-4)
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--threads", type=int, default=2)
    made.add_argument("--teacher", type=Path, help="ONNX of a single-frame network for the motion mask; none: no mask")
    made.add_argument("--teacher-metres", type=float, default=5.4, help="what its depth is multiplied by")
    for name, weight in WEIGHTS.items():
        made.add_argument(f"--{name}", type=float, default=weight, help=f"weight of that loss, 0 = off (default {weight:g})")
    return made


if __name__ == "__main__":
    train(parser().parse_args())
