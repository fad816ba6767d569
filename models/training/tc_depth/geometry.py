"""Where coarse cells lie in space, and how much cells weigh for each other by their distance."""
from __future__ import annotations

import torch

from .encoder import STRIDE

KITTI_CAMERA = (0.58, 1.92, 0.5, 0.5)
"""fx/W, fy/H, cx/W, cy/H: the constant TC-Depth was trained with; stands in where no camera is known."""


def camera_or_default(camera: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The camera [4] = fx,fy,cx,cy in pixels, or KITTI's scaled to height x width where fx is not above 0 (or NaN)."""
    # Sides multiply as numbers, not as a tensor made of them: an exported graph then keeps them open.
    fx, fy, cx, cy = torch.tensor(KITTI_CAMERA, dtype=camera.dtype, device=camera.device).unsqueeze(1)
    kitti = torch.cat([fx * width, fy * height, cx * width, cy * height])
    return torch.where(camera[0] > 0, camera, kitti)


def cell_points(disparity: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
    """Scaled disparity [1,1,h,w] and camera [4] (fx,fy,cx,cy, pixels of the picture) -> points [3,h*w].

    Cell u stands for pixel 8u, not for the centre 8u+3.5 of its pixels: the published weights
    learnt with that convention, and a constant shift moves all points almost alike.
    """
    h, w = disparity.shape[-2:]
    depth = (1.0 / disparity).reshape(1, -1)
    u = torch.arange(w, dtype=depth.dtype, device=depth.device) * STRIDE
    v = torch.arange(h, dtype=depth.dtype, device=depth.device) * STRIDE
    x = ((u - camera[2]) / camera[0]).view(1, w).expand(h, w).reshape(1, -1)
    y = ((v - camera[3]) / camera[1]).view(h, 1).expand(h, w).reshape(1, -1)
    return torch.cat([x * depth, y * depth, depth])


def distances(points: torch.Tensor) -> torch.Tensor:
    """Euclidean distance of every two points: [3,N] -> [N,N], symmetric, zero on the diagonal.

    One axis after the other, so that no [3,N,N] array is ever made (42 MiB a frame at N = 1920).
    Differences, not |a|^2 + |b|^2 - 2ab: that form loses neighbours of far cells in float32.
    """
    squared = sum((axis.unsqueeze(1) - axis.unsqueeze(0)).square() for axis in points)
    return torch.sqrt(squared)


def distance_kernel(points: torch.Tensor, sigma: torch.Tensor | float) -> torch.Tensor:
    """Weights exp(-d / (2 sigma)) with columns that sum to one: [3,N] -> [N,N] (paper eq. 3, d not squared).

    Column j holds the weights by which cell j gathers from all cells.
    """
    kernel = torch.exp(distances(points) / (-2.0 * sigma))
    return kernel / kernel.sum(0, keepdim=True)
