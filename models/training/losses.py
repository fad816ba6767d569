"""Training losses. Depth and images are [B,1,H,W] and [B,3,H,W]; cameras [B,4] fx,fy,cx,cy pixels.

Each loss has a test on a scene whose answer is known (test_training.py).
"""
from __future__ import annotations

import torch
import torch.nn.functional as F


def backproject(depth: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
    """Depth in metres [B,1,H,W] -> camera-space points [B,3,H*W], metres."""
    b, _, h, w = depth.shape
    v, u = torch.meshgrid(torch.arange(h, dtype=depth.dtype), torch.arange(w, dtype=depth.dtype), indexing="ij")
    fx, fy, cx, cy = (camera[:, i].view(-1, 1, 1) for i in range(4))
    z = depth[:, 0]
    return torch.stack([(u - cx) / fx * z, (v - cy) / fy * z, z], 1).flatten(2)


def project(points: torch.Tensor, camera: torch.Tensor, move: torch.Tensor,
            shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points [B,3,N] moved by `move` [B,4,4] into another view.

    Returns a sampling grid [B,H,W,2] (-1..1, align_corners=False), the depth there [B,1,H,W]
    and a mask [B,1,H,W] of what falls inside the picture and in front of the camera.
    """
    h, w = shape
    moved = move[:, :3, :3] @ points + move[:, :3, 3:]
    z = moved[:, 2].clamp(min=1e-3)
    fx, fy, cx, cy = (camera[:, i].view(-1, 1) for i in range(4))
    x, y = moved[:, 0] / z * fx + cx, moved[:, 1] / z * fy + cy
    grid = torch.stack([(2 * x + 1) / w - 1, (2 * y + 1) / h - 1], -1).view(-1, h, w, 2)
    inside = (grid.abs().amax(-1) <= 1) & (moved[:, 2].view(-1, h, w) > 0.1)
    return grid, z.view(-1, 1, h, w), inside[:, None]


def sample(image: torch.Tensor, grid: torch.Tensor, mode: str = "bilinear") -> torch.Tensor:
    return F.grid_sample(image, grid, mode=mode, padding_mode="border", align_corners=False)


def box(t: torch.Tensor) -> torch.Tensor:
    """3x3 mean with mirrored edges, as shifted sums (several times faster than avg_pool2d on a CPU)."""
    t = F.pad(t, (1, 1, 1, 1), mode="reflect")
    t = t[..., :-2] + t[..., 1:-1] + t[..., 2:]
    return (t[..., :-2, :] + t[..., 1:-1, :] + t[..., 2:, :]) * (1 / 9)


def photometric_error(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """0.85 * (1 - SSIM)/2 + 0.15 * L1, per pixel [B,1,H,W] (Godard et al., CVPR 2017); SSIM on grey."""
    l1 = (a - b).abs().mean(1, keepdim=True)
    a, b = a.mean(1, keepdim=True), b.mean(1, keepdim=True)
    ma, mb = box(a), box(b)
    va, vb, cov = box(a * a) - ma * ma, box(b * b) - mb * mb, box(a * b) - ma * mb
    c1, c2 = 0.01 ** 2, 0.03 ** 2
    ssim = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    return 0.85 * ((1 - ssim) / 2).clamp(0, 1) + 0.15 * l1


def photometric_loss(target: torch.Tensor, others: list[torch.Tensor], depth: torch.Tensor,
                     camera: torch.Tensor, moves: list[torch.Tensor]) -> torch.Tensor:
    """Min reprojection with auto-mask (Godard et al., ICCV 2019), poses known, metres.

    moves[i] [B,4,4] takes target-camera points into others[i]'s camera. Pixels that match
    better without any motion (same speed, sky) do not count.
    """
    points = backproject(depth, camera)
    errors, still = [], []
    for other, move in zip(others, moves):
        grid, _, inside = project(points, camera, move, tuple(depth.shape[2:]))
        error = photometric_error(sample(other, grid), target)
        errors.append(torch.where(inside, error, torch.full_like(error, 1e3)))
        with torch.no_grad():
            still.append(photometric_error(other, target))
    best = torch.cat(errors, 1).amin(1, keepdim=True)
    unmoved = torch.cat(still, 1).amin(1, keepdim=True) - 1e-4
    mask = ((best < unmoved) & (best < 1e2)).float()
    return (best * mask).sum() / mask.sum().clamp(min=1)


def smoothness_loss(inverse: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Edge-aware first-order smoothness of mean-normalised inverse depth."""
    d = inverse / inverse.mean((2, 3), keepdim=True).clamp(min=1e-6)
    dx, dy = (d[..., 1:] - d[..., :-1]).abs(), (d[..., 1:, :] - d[..., :-1, :]).abs()
    ix = (image[..., 1:] - image[..., :-1]).abs().mean(1, keepdim=True)
    iy = (image[..., 1:, :] - image[..., :-1, :]).abs().mean(1, keepdim=True)
    return (dx * torch.exp(-8 * ix)).mean() + (dy * torch.exp(-8 * iy)).mean()


def log_depth_loss(depth: torch.Tensor, truth: torch.Tensor, scaled: torch.Tensor | None = None,
                   low: float = 0.3, high: float = 80.0) -> torch.Tensor:
    """Mean |log depth - log truth| where truth is known; each sample weighs the same.

    Samples whose `scaled` [B] is False are first aligned by their median log ratio.
    """
    known = ((truth > low) & (truth < high)).float()
    error = torch.log(depth.clamp(min=1e-2)) - torch.log(truth.clamp(min=1e-2))
    if scaled is not None:
        for i in (~scaled).nonzero().flatten().tolist():
            if known[i].any():
                error = error.index_copy(0, torch.tensor([i]), error[i:i + 1] - error[i].detach()[known[i] > 0].median())
    error = error.abs() * known
    per = error.sum((1, 2, 3)) / known.sum((1, 2, 3)).clamp(min=1)
    has = (known.sum((1, 2, 3)) > 20).float()
    return (per * has).sum() / has.sum().clamp(min=1)


def normalised(inverse: torch.Tensor) -> torch.Tensor:
    """Shift by the median, scale by the mean absolute deviation (MiDaS, TPAMI 2020)."""
    flat = inverse.flatten(1)
    middle = flat.median(1).values.view(-1, 1, 1, 1)
    spread = (inverse - middle).abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-4)
    return (inverse - middle) / spread


def relative_loss(inverse: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Scale- and shift-free inverse depth difference plus its gradients at three scales."""
    a, b = normalised(inverse), normalised(teacher)
    return (a - b).abs().mean() + 0.5 * gradient_loss(a, b)


def gradient_loss(a: torch.Tensor, b: torch.Tensor, known: torch.Tensor | None = None) -> torch.Tensor:
    """Mean |gradient of (a - b)| at three scales: edges where the other map has them."""
    total = 0.0
    for step in (1, 2, 4):
        d = (a - b)[..., ::step, ::step]
        gx, gy = (d[..., 1:] - d[..., :-1]).abs(), (d[..., 1:, :] - d[..., :-1, :]).abs()
        if known is None:
            total = total + gx.mean() + gy.mean()
            continue
        k = known[..., ::step, ::step]
        kx, ky = k[..., 1:] * k[..., :-1], k[..., 1:, :] * k[..., :-1, :]
        total = total + (gx * kx).sum() / kx.sum().clamp(min=1) + (gy * ky).sum() / ky.sum().clamp(min=1)
    return total / 3


def fused_log_depth(depth: torch.Tensor, others: list[torch.Tensor], camera: torch.Tensor,
                    moves: list[torch.Tensor], limit: float = 0.25) -> torch.Tensor:
    """Mean log depth [B,1,H,W] of what several frames say about the target's pixels, poses known.

    others[i] is the depth of a frame whose camera moves[i] leads to. What disagrees by more than
    `limit` (occlusion, things that move) leaves the target's own answer.
    """
    points, own = backproject(depth, camera), torch.log(depth)
    total = own.clone()
    for other, move in zip(others, moves):
        grid, carried, inside = project(points, camera, move, tuple(depth.shape[2:]))
        ratio = torch.log(sample(other, grid) / carried)
        total = total + own + torch.where(inside & (ratio.abs() < limit), ratio, torch.zeros_like(ratio))
    return total / (1 + len(others))


def consistency_loss(depth_a: torch.Tensor, depth_b: torch.Tensor, camera: torch.Tensor,
                     a_to_b: torch.Tensor, limit: float = 0.25,
                     images: tuple[torch.Tensor, torch.Tensor] | None = None) -> torch.Tensor:
    """Depth of a carried into b against depth of b, |da - db| / (da + db) (Bian et al., NeurIPS 2019).

    Doubled, so that it reads as a relative error. Where the disagreement exceeds `limit`
    (occlusion, things that move) a pixel does not count; `images` (of a and b) add the mask
    that the carried picture must look alike.
    """
    grid, carried, inside = project(backproject(depth_a, camera), camera, a_to_b, tuple(depth_a.shape[2:]))
    seen = sample(depth_b, grid)
    error = 2 * (carried - seen).abs() / (carried + seen)
    mask = inside & (error.detach() < limit)
    if images is not None:
        mask = mask & (photometric_error(sample(images[1], grid), images[0]) < 0.3)
    mask = mask.float()
    return (error * mask).sum() / mask.sum().clamp(min=1)
