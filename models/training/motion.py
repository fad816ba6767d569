"""Camera motion of a road video without poses: essential matrices, metres from the height above the road.

Rotation and direction come from the pictures, step lengths from a teacher whose road lies at the
right height: a step is right when the swept road lies as far below the camera as the teacher's.
"""
from __future__ import annotations

import cv2
import numpy as np

from multiview import sweep

STILL = 0.7  # pixels of median motion below which the camera stands


def tracks(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of picture a found again in b and back, [n,2] pixels each."""
    how = dict(winSize=(15, 15), maxLevel=4, criteria=(3, 40, 0.003))
    start = cv2.goodFeaturesToTrack(a, 1500, 0.003, 5)
    end, there, _ = cv2.calcOpticalFlowPyrLK(a, b, start, None, **how)
    back, again, _ = cv2.calcOpticalFlowPyrLK(b, a, end, None, **how)
    ok = (there[:, 0] > 0) & (again[:, 0] > 0) & (np.linalg.norm((start - back)[:, 0], axis=1) < 0.3)
    return start[ok][:, 0].astype(np.float64), end[ok][:, 0].astype(np.float64)


def step(a: np.ndarray, b: np.ndarray, depth: np.ndarray, camera: np.ndarray) -> tuple[np.ndarray, float]:
    """Camera a -> camera b with unit length [4,4], and its length by the teacher's depth; NaN where unclear."""
    start, end = tracks(a, b)
    fx, fy, cx, cy = camera.astype(np.float64)
    move = np.eye(4)
    if len(start) < 40 or np.median(np.linalg.norm(end - start, axis=1)) < STILL:
        return move, 0.0
    plane = lambda p: np.stack([(p[:, 0] - cx) / fx, (p[:, 1] - cy) / fy], 1)  # noqa: E731
    cv2.setRNGSeed(0)
    matrix, inliers = cv2.findEssentialMat(plane(start), plane(end), np.eye(3), cv2.RANSAC, 0.9999, 0.25 / fx)
    _, move[:3, :3], shift, inliers = cv2.recoverPose(matrix, plane(start), plane(end), np.eye(3), mask=inliers)
    move[:3, 3], keep = shift[:, 0], inliers[:, 0] > 0
    x = cv2.triangulatePoints(np.eye(3, 4), move[:3], plane(start)[keep].T, plane(end)[keep].T)
    z = x[2] / x[3]
    known = depth[np.clip(start[keep][:, 1].round().astype(int), 0, depth.shape[0] - 1),
                  np.clip(start[keep][:, 0].round().astype(int), 0, depth.shape[1] - 1)]
    good = (z > 0) & (known > 3) & (known < 35)
    return move, float(np.median(known[good] / z[good])) if good.sum() > 15 else float("nan")


def road_height(depth: np.ndarray, camera: np.ndarray) -> float:
    """Metres from the camera down to the plane through what lies in front of the car; NaN where little is known."""
    h, w = depth.shape
    fx, fy, cx, cy = camera.astype(np.float64)
    v, u = np.mgrid[0:h, 0:w]
    keep = (depth > 0) & (depth < 25) & (v > 0.62 * h) & (np.abs(u - cx) < 0.35 * fx)
    if keep.sum() < 500:
        return float("nan")
    z = depth[keep].astype(np.float64)
    across, down = (u[keep] - cx) / fx, (v[keep] - cy) / fy
    weights, terms = np.ones_like(z), np.stack([across, np.ones_like(z), 1 / z], 1)
    for _ in range(15):
        plane = np.linalg.lstsq(terms * weights[:, None], down * weights, rcond=None)[0]
        off = down - terms @ plane
        weights = 1 / (1 + (off / (1.5 * np.median(np.abs(off)) + 1e-4)) ** 2)
    return float(plane[2] / np.sqrt(1 + plane[0] ** 2 + plane[1] ** 2))


def smooth(values: np.ndarray, reach: int = 4) -> np.ndarray:
    """Running median over 2*reach+1 values; NaN counts as missing."""
    filled = [np.nanmedian(values[max(0, i - reach):i + reach + 1]) if np.isfinite(
        values[max(0, i - reach):i + reach + 1]).any() else np.nan for i in range(len(values))]
    return np.array(filled)


def chain(moves: list[np.ndarray], lengths: np.ndarray) -> np.ndarray:
    """Poses camera to world [n+1,4,4] of steps with the given lengths."""
    poses = [np.eye(4)]
    for move, length in zip(moves, lengths):
        scaled = move.copy()
        scaled[:3, 3] *= length
        poses.append(poses[-1] @ np.linalg.inv(scaled))
    return np.stack(poses)


def trajectory(images: np.ndarray, camera: np.ndarray, inverse: np.ndarray, every: int = 4) -> np.ndarray:
    """Poses camera to world [n,4,4] in metres; inverse: the teacher's, 1/metre, [n,h,w] of any size."""
    h, w = images.shape[1:3]
    grey = [cv2.cvtColor(i, cv2.COLOR_RGB2GRAY) for i in images]
    depths = [1 / cv2.resize(np.clip(i.astype(np.float32), 1 / 90, 2.0), (w, h)) for i in inverse]
    moves, lengths = zip(*(step(grey[t], grey[t + 1], depths[t], camera) for t in range(len(grey) - 1)))
    raw = np.array(lengths)
    still = raw == 0
    lengths = np.where(still, 0, smooth(np.where(still, np.nan, raw)))
    lengths = np.nan_to_num(lengths)
    floats = [g.astype(np.float32) for g in grey]
    for _ in range(2):
        poses, factors = chain(list(moves), lengths), np.full(len(lengths), np.nan)
        for t in range(2, len(lengths) - 2, every):
            if lengths[t] > 0:
                swept = road_height(sweep(floats, poses, camera, t, depths[t]), camera)
                factors[t] = road_height(depths[t], camera) / swept
        factors[(factors < 0.4) | (factors > 2.5)] = np.nan
        lengths = lengths * np.nan_to_num(smooth(factors, 8), nan=1.0)
    return chain(list(moves), lengths)
