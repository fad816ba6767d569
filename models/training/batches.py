"""Draws augmented training samples: crop (= zoom of the focal length), mirror, colour.

A batch is one size (H, W) for all its samples. Keys of the dict that `draw` gives:
  views    float [B,V,3,H,W] 0..1: the target (V = 1), or target, near, far and extra (V = 4):
           (near, far) are the target's context, (far or target, extra) are near's
  plain    the same views without the colour change; target: plain[:, 0]
  camera   float [B,4] fx,fy,cx,cy in pixels of this crop
  causal   bool  [B] windows look back only: near = t-k, far = t-2k, extra = t-3k; else t-k, t+k, t-2k
  posed    long  [P] which samples have poses; the next three follow this order
  others   float [P,4,3,H,W] frames t-1, t+1, t-k, t+k for the photometric loss
  moves    float [P,4,4,4] target camera -> those cameras; carry [P,2,4,4] target camera -> near's, far's
  depth    float [B,1,H,W] metres, 0 = unknown, of the target; depth_views [B,V,1,H,W] of all
  metric, relative  float [B,1,H,W] teacher inverse depth, with has_metric, has_relative bool [B]
  dense    bool [B] depth is exact everywhere, edges included; scaled: its metres are to be learnt
"""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from data import Source

MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])


@dataclass
class Crop:
    x: int
    y: int
    width: int
    height: int
    mirror: bool

    def camera(self, camera: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        fx, fy, cx, cy = camera
        sx, sy = size[0] / self.width, size[1] / self.height
        new_cx, new_cy = (cx - self.x + 0.5) * sx - 0.5, (cy - self.y + 0.5) * sy - 0.5
        return np.array([fx * sx, fy * sy, size[0] - 1 - new_cx if self.mirror else new_cx, new_cy], np.float32)

    def apply(self, array: np.ndarray, size: tuple[int, int], scale: float = 1.0, nearest: bool = False) -> np.ndarray:
        """array [h,w] or [h,w,3]; `scale` is its size relative to the source pictures'."""
        x0, y0 = int(self.x * scale), int(self.y * scale)
        x1, y1 = x0 + max(1, int(self.width * scale)), y0 + max(1, int(self.height * scale))
        part = array[y0:y1, x0:x1]
        shrink = part.shape[1] > size[0] * 1.2
        mode = cv2.INTER_NEAREST if nearest else cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
        out = cv2.resize(part, size, interpolation=mode)
        return np.ascontiguousarray(out[:, ::-1]) if self.mirror else out


def make_crop(rng: np.random.Generator, source: Source, size: tuple[int, int], zoom: float) -> Crop:
    """A box of roughly the target's aspect, up to `zoom` times smaller than the picture allows."""
    h, w = source.images.shape[1:3]
    aspect = size[0] / size[1] * rng.uniform(0.93, 1.07)
    fit = min(w, h * aspect)
    if abs(w / h - size[0] / size[1]) < 0.2 and rng.random() < 0.5:
        return Crop(0, 0, w, h, bool(rng.random() < 0.5))
    width = int(fit / rng.uniform(1.0, zoom))
    height = min(h, int(width / aspect))
    return Crop(int(rng.integers(0, w - width + 1)), int(rng.integers(0, h - height + 1)), width, height,
                bool(rng.random() < 0.5))


def soften(view: np.ndarray, share: float) -> np.ndarray:
    """A picture [3,H,W] as a camera of `share` the resolution sees it."""
    h, w = view.shape[1:]
    small = cv2.resize(view.transpose(1, 2, 0), (int(w * share), int(h * share)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR).transpose(2, 0, 1)


def recolour(rng: np.random.Generator, views: np.ndarray) -> np.ndarray:
    """One change of colour and sharpness for all views of a sample, a slight exposure change between them."""
    out = views
    if rng.random() < 0.2:
        share = rng.uniform(0.5, 0.9)
        out = np.stack([soften(v, share) for v in out])
    if rng.random() < 0.1:
        out = np.repeat(out.mean(1, keepdims=True), 3, 1)
    if rng.random() < 0.7:
        out = out ** rng.uniform(0.75, 1.33) * rng.uniform(0.75, 1.2)
        grey = out.mean(1, keepdims=True)
        out = grey + (out - grey) * rng.uniform(0.3, 1.4)
        middle = out.mean()
        out = middle + (out - middle) * rng.uniform(0.75, 1.25)
        out = out * rng.uniform(0.92, 1.08, (1, 3, 1, 1))
    if len(out) > 1:
        out = out * rng.uniform(0.97, 1.03, (len(out), 1, 1, 1))
    if rng.random() < 0.15:
        out = out + rng.normal(0, 0.02, out.shape)
    return np.clip(out, 0, 1)


class Sampler:
    """Seeded source of batches; `mix` names how many samples of which source a batch has."""

    def __init__(self, sources: dict[str, Source], seed: int, zoom: float = 1.5, photometric: bool = True):
        self.sources, self.rng, self.zoom = sources, np.random.default_rng(seed), zoom
        self.photometric = photometric

    def offsets(self, source: Source) -> tuple[int, int, int]:
        """near, far, extra: (-k, k, -2k), or causal (-k, -2k, -3k); k = 1..3, wider on slow hand-held video."""
        k = int(self.rng.choice([1, 1, 1, 2, 3])) * (3 if not source.scaled and self.rng.random() < 0.5 else 1)
        return (-k, -2 * k, -3 * k) if self.rng.random() < 0.3 else (-k, k, -2 * k)

    def draw(self, mix: list[str], size: tuple[int, int], views: int) -> dict[str, torch.Tensor]:
        samples = [self.sample(self.sources[name], size, views) for name in mix]
        batch: dict[str, torch.Tensor] = {}
        for key in ("views", "plain", "camera", "depth_views", "metric", "relative"):
            batch[key] = torch.from_numpy(np.stack([s[key] for s in samples]).astype(np.float32))
        batch["depth"], batch["target"] = batch["depth_views"][:, 0], batch["plain"][:, 0]
        for key in ("causal", "has_metric", "has_relative", "dense", "scaled"):
            batch[key] = torch.tensor([bool(s[key]) for s in samples])
        posed = [i for i, s in enumerate(samples) if "carry" in s]
        batch["posed"] = torch.tensor(posed, dtype=torch.long)
        for key in ("others", "moves", "carry"):
            if posed and key in samples[posed[0]]:
                batch[key] = torch.from_numpy(np.stack([samples[i][key] for i in posed]).astype(np.float32))
        return batch

    def sample(self, source: Source, size: tuple[int, int], views: int) -> dict:
        rng, count = self.rng, len(source.images)
        crop = make_crop(rng, source, size, self.zoom)
        steps = self.offsets(source) if source.video else (0, 0, 0)
        near, far = steps[:2]
        back = max(2, -min(steps)) if views > 1 else 3
        t = int(rng.integers(back, count - max(3, *steps))) if source.video else int(rng.integers(count))
        at = [t, *(t + s for s in steps)][:views]
        pick = lambda i: crop.apply(source.images[i], size)  # noqa: E731
        rgb = np.stack([pick(i) for i in at]).transpose(0, 3, 1, 2).astype(np.float32) / 255
        h, w = source.images.shape[1:3]
        camera = source.camera if source.camera is not None else np.array(
            [w * rng.uniform(0.5, 0.9)] * 2 + [w / 2 - 0.5, h / 2 - 0.5], np.float32)
        out = {"camera": crop.camera(camera, size), "causal": far < 0,
               "has_metric": source.metric is not None, "has_relative": source.relative is not None,
               "dense": source.dense, "scaled": source.scaled}
        blank = np.zeros((1, size[1], size[0]), np.float32)
        for key in ("metric", "relative"):
            labels = getattr(source, key)
            out[key] = blank if labels is None else crop.apply(labels[t].astype(np.float32), size, 0.5)[None]
        out["depth_views"] = np.stack([blank if source.depth is None else crop.apply(
            source.depth[i].astype(np.float32), size, nearest=True)[None] for i in at])
        if source.poses is not None and (source.scaled or views > 1):
            flip = MIRROR if crop.mirror else np.eye(4)
            move = lambda i: flip @ np.linalg.inv(source.poses[i]) @ source.poses[t] @ flip  # noqa: E731
            out["carry"] = np.stack([move(t + near), move(t + far)])
            if self.photometric:
                k = max(2, abs(near))
                ids = [t - 1, t + 1, max(t - k, 0), min(t + k, count - 1)]
                out["others"] = np.stack([pick(i) for i in ids]).transpose(0, 3, 1, 2).astype(np.float32) / 255
                out["moves"] = np.stack([move(i) for i in ids])
        out["plain"] = rgb
        out["views"] = recolour(rng, rgb)
        return out
