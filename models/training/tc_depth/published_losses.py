"""The losses TC-Depth was trained with, each on its own; `train.py` weighs and sums them.

Depth and images are [B,1,H,W] and [B,3,H,W] (0..1), cameras [B,4] = fx,fy,cx,cy in pixels,
moves[i] [B,4,4] takes points of the target's camera into that of neighbour i, in depth's unit.
Photometric part after Godard et al. (ICCV 2019); the rest after Ruhkamp et al. (3DV 2021).
Each has a test on a scene whose answer is known (test_published_losses.py).
"""
from __future__ import annotations

import torch
import torch.nn.functional as F

from losses import backproject, project, sample

KEPT_SHARE = 0.7
"""Share of pixels that the cycle mask keeps: those whose picture survives the way there and back best."""
MOTION_LIMIT = 0.6
"""Relative difference to the teacher's depth above which a pixel counts as moving on its own."""


def window_mean(image: torch.Tensor) -> torch.Tensor:
    """3x3 mean with mirrored edges."""
    return F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="reflect"), 3, 1)


def picture_error(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """0.85 * (1 - SSIM) / 2 + 0.15 * L1 of two pictures, mean over colours: [B,1,H,W], 0 where equal."""
    mean_a, mean_b = window_mean(a), window_mean(b)
    var_a = window_mean(a * a) - mean_a * mean_a
    var_b = window_mean(b * b) - mean_b * mean_b
    covariance = window_mean(a * b) - mean_a * mean_b
    c1, c2 = 0.01 ** 2, 0.03 ** 2
    ssim = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)
            / ((mean_a.square() + mean_b.square() + c1) * (var_a + var_b + c2)))
    return 0.85 * ((1 - ssim) / 2).clamp(0, 1).mean(1, keepdim=True) + 0.15 * (a - b).abs().mean(1, keepdim=True)


def photometric(target: torch.Tensor, others: list[torch.Tensor], depth: torch.Tensor, camera: torch.Tensor,
                moves: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Least error over the neighbours, on the pixels that motion explains better than standing still.

    The loss, and that automask [B,1,H,W]: 0 where the unmoved neighbour looks more alike (sky, a car
    at our own speed).
    """
    points = backproject(depth, camera)
    size = tuple(depth.shape[2:])
    errors = [picture_error(sample(o, project(points, camera, m, size)[0]), target) for o, m in zip(others, moves)]
    least = torch.cat(errors, 1).amin(1, keepdim=True)
    with torch.no_grad():
        unmoved = torch.cat([picture_error(o, target) for o in others], 1).amin(1, keepdim=True)
        # Ties, as between two blank walls, go to the unmoved picture.
        mask = (least < unmoved - 1e-5).float()
    return (least * mask).sum() / mask.sum().clamp(min=1), mask


def motion_mask(depth: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """1 where student and single-frame teacher agree to within MOTION_LIMIT, either way; 0 where things move."""
    ratio = depth / teacher
    return ((ratio - 1 < MOTION_LIMIT) & (1 / ratio - 1 < MOTION_LIMIT)).float()


def motion(depth: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Where things move, inverse depth follows the teacher, which sees one frame and is not misled."""
    away = 1 - motion_mask(depth.detach(), teacher)
    return ((1 / depth - 1 / teacher).abs() * away).mean()


def cycle_mask(target: torch.Tensor, other_depth: torch.Tensor, depth: torch.Tensor, camera: torch.Tensor,
               move: torch.Tensor) -> torch.Tensor:
    """1 on the KEPT_SHARE of all pixels whose picture survives the way to the neighbour and back best."""
    size = tuple(depth.shape[2:])
    with torch.no_grad():
        back = torch.linalg.inv(move)
        there = sample(target, project(backproject(other_depth, camera), camera, back, size)[0])
        home = sample(there, project(backproject(depth, camera), camera, move, size)[0])
        kept = 1 - picture_error(home, target)
        return (kept > torch.quantile(kept.flatten(), 1 - KEPT_SHARE)).float()


def geometric(target: torch.Tensor, depth: torch.Tensor, other_depths: list[torch.Tensor], camera: torch.Tensor,
              moves: list[torch.Tensor], mask: torch.Tensor, low: float = 0.1, high: float = 100.0) -> torch.Tensor:
    """1 - min / max of the target's depth carried to a neighbour and the neighbour's own, mean over both.

    Counted under the cycle mask and under `mask` [B,1,H,W] (automask and motion mask).
    """
    size = tuple(depth.shape[2:])
    points = backproject(depth, camera)
    total = depth.new_zeros(())
    for other, move in zip(other_depths, moves):
        grid, carried, _ = project(points, camera, move, size)
        carried, seen = carried.clamp(low, high), sample(other, grid).clamp(low, high)
        gap = 1 - torch.minimum(carried, seen) / torch.maximum(carried, seen)
        total = total + (gap * cycle_mask(target, other, depth, camera, move) * mask).mean()
    return total / len(moves)


def reference(coarse: torch.Tensor, depth: torch.Tensor) -> torch.Tensor:
    """The coarse head's scaled disparity [B,1,h,w] against that of the detached full-size answer [B,1,H,W]."""
    full = F.interpolate(coarse, size=depth.shape[2:], mode="bilinear", align_corners=False)
    return (1 / depth.detach() - full).abs().mean()


def smoothness(depth: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Edge-aware first differences of inverse depth over its mean, in the target alone."""
    disparity = 1 / depth
    disparity = disparity / disparity.mean((2, 3), keepdim=True)
    loss = depth.new_zeros(())
    for dim in (2, 3):
        step = disparity.diff(dim=dim).abs()
        edge = image.diff(dim=dim).abs().mean(1, keepdim=True)
        loss = loss + (step * torch.exp(-edge)).mean()
    return loss
