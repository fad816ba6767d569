"""One batch -> one number: which loss applies to which sample and head."""
from __future__ import annotations

import torch
import torch.nn.functional as F

from losses import (consistency_loss, fused_log_depth, gradient_loss, log_depth_loss, photometric_loss, relative_loss,
                    smoothness_loss)
from network import F_CANONICAL, TcDepthLite, to_metres
from recipe import WEIGHTS

Batch = dict[str, torch.Tensor]
LIMIT = 0.4  # relative disagreement of two windows above which a pixel is occluded or moves


def head_losses(inverse: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
    """Losses of one head's canonical inverse depth [B,1,H,W] for the targets of a batch."""
    camera, losses = batch["camera"], {}
    zoom = (camera[:, 0] / F_CANONICAL).view(-1, 1, 1, 1)
    depth = zoom / inverse
    losses["measured"] = log_depth_loss(depth, batch["depth"], batch["scaled"])
    if batch["dense"].any():
        d = batch["dense"]
        known = ((batch["depth"][d] > 0.3) & (batch["depth"][d] < 80)).float()
        losses["edges"] = gradient_loss(torch.log(depth[d]), torch.log(batch["depth"][d].clamp(min=1e-2)), known)
    losses["smooth"] = smoothness_loss(inverse, batch["views"][:, 0])
    if "others" in batch:
        p = batch["posed"]
        others = batch["others"]
        losses["photometric"] = photometric_loss(
            batch["target"][p], [others[:, i] for i in range(others.shape[1])],
            to_metres(inverse[p], camera[p]), camera[p], [batch["moves"][:, i] for i in range(others.shape[1])])
    if batch["has_metric"].any():
        m = batch["has_metric"]
        ours, theirs = (torch.log(t.clamp(min=1 / 80)) for t in (inverse[m] / zoom[m], batch["metric"][m]))
        unknown = (batch["depth"][m] <= 0).float()
        losses["metric"] = ((ours - theirs).abs() * unknown).mean() + 0.5 * gradient_loss(ours, theirs)
    if batch["has_relative"].any():
        r = batch["has_relative"]
        losses["relative"] = relative_loss(inverse[r], batch["relative"][r])
    return losses


def coarse_loss(coarse: torch.Tensor, inverse: torch.Tensor) -> torch.Tensor:
    """The coarse head follows the (detached) full-resolution answer, in log depth."""
    goal = F.adaptive_avg_pool2d(torch.log(inverse.detach()), coarse.shape[2:])
    return (torch.log(coarse) + goal).abs().mean()


def total(terms: dict[str, torch.Tensor], own: dict[str, float]) -> tuple[torch.Tensor, dict[str, float]]:
    """Weighted sum (the stage's own weights before recipe.WEIGHTS, full names before the part after the slash)
    and each term's value."""
    weights = {**WEIGHTS, **own}
    return (sum(weights.get(k, weights[k.split("/")[1]]) * t for k, t in terms.items()),
            {k: float(t.detach()) for k, t in terms.items()})


def moves_in_our_scale(batch: Batch, depth: torch.Tensor) -> torch.Tensor:
    """Moves [P,2,4,4] to near and far; where metres are not learnt, steps are as long as `depth` [P,1,H,W] has it."""
    p, moves = batch["posed"], batch["carry"].clone()
    for i in (~batch["scaled"][p]).nonzero().flatten().tolist():
        truth = batch["depth"][p[i]]
        known = truth > 0
        if known.any():
            moves[i, :, :3, 3] *= (depth[i][known] / truth[known]).median()
    return moves


def single_objective(net: TcDepthLite, batch: Batch, weights: dict[str, float]) -> tuple[torch.Tensor, dict[str, float]]:
    """Encoder, spatial attention, coarse head and single-frame head on the targets alone."""
    with torch.autocast("cpu", torch.bfloat16):
        rgb = batch["views"][:, 0].contiguous(memory_format=torch.channels_last)
        frame = net.frame(rgb, batch["camera"])
        inverse = net.single(frame)
    terms = {f"single/{name}": value for name, value in head_losses(inverse, batch).items()}
    terms["single/coarse"] = coarse_loss(frame["coarse"].float(), inverse)
    return total(terms, weights)


def window_objective(net: TcDepthLite, batch: Batch, weights: dict[str, float]) -> tuple[torch.Tensor, dict[str, float]]:
    """Temporal attention and window head, on frozen single-frame features.

    Views are target, near, far, extra (batches.py): two neighbouring windows of a stream, the
    target's (near, far) and near's own. Both must match what is known, and one another; with
    poses the single-frame head's answers of all three frames, fused, are a teacher, without
    poses its answer for the target is ("own"); both as 16x16 means, so that agreement is not
    bought with a wrong level and small noise is free to go.
    """
    b, v, _, h, w = batch["views"].shape
    camera = batch["camera"]
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            rgb = batch["views"].transpose(0, 1).reshape(v * b, 3, h, w).contiguous(memory_format=torch.channels_last)
            every = net.frame(rgb, camera.repeat(v, 1), project=False)
            alone = net.single({k: t[:3 * b] for k, t in every.items()}).view(3, b, 1, h, w)
        every["key"], every["value"] = net.temporal.project(every["x"])
        frames = [{k: t[i * b:(i + 1) * b] for k, t in every.items()} for i in range(v)]
        here = net.window(frames[0], [frames[1], frames[2]])
        causal = batch["causal"].view(-1, 1, 1)
        other = {k: torch.where(causal, frames[2][k], frames[0][k]) for k in ("key", "value")}
        there = net.window(frames[1], [other, frames[3]])
    terms = {f"window/{k}": t for k, t in head_losses(here, batch).items()}
    zoom = (camera[:, 0] / F_CANONICAL).view(-1, 1, 1, 1)
    near = log_depth_loss(zoom / there, batch["depth_views"][:, 1], batch["scaled"])
    terms["window/measured"] = 0.5 * (terms["window/measured"] + near)
    p = batch["posed"]
    terms["window/own"] = F.avg_pool2d(torch.log(alone[0] / here), 16).abs().mean()
    if len(p):
        first, second = to_metres(here[p], camera[p]), to_metres(there[p], camera[p])
        plain = batch["plain"][p]
        with torch.no_grad():
            views = [to_metres(a[p], camera[p]) for a in alone]
            moves = moves_in_our_scale(batch, views[0])
            move = moves[:, 0]
            fused = fused_log_depth(views[0], views[1:], camera[p], [move, moves[:, 1]])
        terms["window/fused"] = F.avg_pool2d(torch.log(first) - fused, 16).abs().mean()
        terms["window/consistency"] = 0.5 * (
            consistency_loss(first, second, camera[p], move, LIMIT, (plain[:, 0], plain[:, 1]))
            + consistency_loss(second, first, camera[p], torch.linalg.inv(move), LIMIT, (plain[:, 1], plain[:, 0])))
    return total(terms, weights)
