"""TC-Depth cut in two for video: what depends on one frame, and what depends on the window.

The same function as `network.TcDepth` (see `folding`), equal up to float32 rounding. A new frame
costs one `FramePart` and one `WindowPart`; the features of the other two frames are kept.
"""
from __future__ import annotations

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

from .decoder import depth_of
from .encoder import BasicBlock
from .folding import Terms, fold
from .geometry import camera_or_default, cell_points, distance_kernel
from .network import BLOCKS, TcDepth

SKIPS = ("stride2", "stride4", "stride8")
FEATURES = (*SKIPS, "base", "key_value", "kernel")
"""Outputs f0 .. f5 of a frame, in this order; shapes in `FramePart`."""
CONTEXT_FEATURES = (4, 5)
"""Those of them that a context frame brings along: key_value and kernel."""


class LinearTerms(nn.Module):
    """A `Terms` as one matrix product: its sources' powers stacked, [rows,N]. Takes them in the order of `sources`."""

    def __init__(self, terms: Terms, sources: tuple[str, ...], constant: bool):
        super().__init__()
        self.register_buffer("weight", torch.cat([torch.cat(terms.powers[s], 1) for s in sources], 1).float())
        self.register_buffer("bias", terms.constant.float().unsqueeze(1) if constant else None)

    def forward(self, stacked: torch.Tensor) -> torch.Tensor:
        y = self.weight @ stacked
        return y if self.bias is None else y + self.bias


class FramePart(nn.Module):
    """One frame, all that depends on it alone. h = H/8, w = W/8; H and W multiples of 8.

    frame uint8 [H,W,3] RGB, camera float32 [4] = fx,fy,cx,cy in its pixels (zero or NaN: KITTI's) ->
    f0 [1,32,H/2,W/2], f1 [1,64,H/4,W/4], f2 [1,128,h,w]: the skips; f3 [1,512,h,w]: the part of the
    fused feature that is linear in this frame's own; f4 [3,128,h,w]: the same for the three blocks' keys
    and values; f5 [h,w,h,w]: the distance kernel, the gathering cell last.
    """

    def __init__(self, network: TcDepth):
        super().__init__()
        self.encoder = fold_norms(network.encoder)
        self.coarse = network.coarse
        self.sigma = float(network.blocks[0].spatial.sigma)
        folded = fold(network)
        self.keys = nn.ModuleList(LinearTerms(k, ("x",), True) for k in folded.keys)
        self.base = LinearTerms(folded.fused, ("x",), True)

    def forward(self, frame: torch.Tensor, camera: torch.Tensor) -> tuple[torch.Tensor, ...]:
        height, width = frame.shape[:2]
        *skips, feature = self.encoder(frame.permute(2, 0, 1).unsqueeze(0).float() / 255.0)
        points = cell_points(self.coarse(feature), camera_or_default(camera, height, width))
        kernel = distance_kernel(points, self.sigma)
        powers = [feature.reshape(feature.shape[1], -1)]
        for _ in range(BLOCKS):
            powers.append(powers[-1] @ kernel)
        stacked = torch.cat(powers)
        channels = feature.shape[1]
        key_value = torch.stack([k(stacked[: (b + 2) * channels]) for b, k in enumerate(self.keys)])
        rows, columns = feature.shape[2:]
        return (*skips, self.base(stacked).reshape(feature.shape), key_value.reshape(BLOCKS, -1, rows, columns),
                kernel.reshape(rows, columns, rows, columns))


class WindowPart(nn.Module):
    """Three frames' features -> depth of the target, float32 [1,1,H,W], 0.1..100 in the network's own unit.

    Order: target f0 .. f5, then f4, f5 of each context frame; which of them came first in time does not matter.
    """

    def __init__(self, network: TcDepth):
        super().__init__()
        folded = fold(network)
        self.inner = network.blocks[0].temporal.value.out_channels
        self.second = LinearTerms(folded.keys[1], ("c0",), False)
        self.third = LinearTerms(folded.keys[2], ("c0", "c1"), False)
        self.fused = LinearTerms(folded.fused, ("c0", "c1", "c2"), False)
        self.decoder = network.decoder

    def forward(self, stride2: torch.Tensor, stride4: torch.Tensor, stride8: torch.Tensor, base: torch.Tensor,
                *pairs: torch.Tensor) -> torch.Tensor:
        rows, columns = stride8.shape[2:]
        key_values = [kv.reshape(BLOCKS, 2 * self.inner, rows * columns) for kv in pairs[0::2]]
        kernels = [k.reshape(rows * columns, rows * columns) for k in pairs[1::2]]
        first = [kv[0] for kv in key_values]
        c0 = [self.context(first, i) for i in range(3)]
        c0_near = [c @ k for c, k in zip(c0, kernels)]
        second = [kv[1] + self.second(torch.cat(c)) for kv, *c in zip(key_values, c0, c0_near)]
        c1 = [self.context(second, i) for i in range(3)]
        sources = []
        for c, near, d, kernel in zip(c0, c0_near, c1, kernels):
            nearer = torch.cat([near, d]) @ kernel
            sources.append(torch.cat([c, near, nearer[: self.inner], d, nearer[self.inner :]]))
        third = [kv[2] + self.third(s) for kv, s in zip(key_values, sources)]
        fused = base + self.fused(torch.cat([sources[0], self.context(third, 0)])).reshape(base.shape)
        return depth_of(self.decoder.full_scale([stride2, stride4, stride8], fused))

    def context(self, key_values: list[torch.Tensor], target: int) -> torch.Tensor:
        """What the target's cells find in the two other frames, summed: [64,N]."""
        query = key_values[target][: self.inner].T
        found = [F.softmax(query @ kv[: self.inner], 1) @ kv[self.inner :].T
                 for i, kv in enumerate(key_values) if i != target]
        return (found[0] + found[1]).T


class WholeWindow(nn.Module):
    """The network as released, as one graph: the yardstick. frames uint8 [3,H,W,3] -> depth [3,1,H,W]."""

    def __init__(self, network: TcDepth):
        super().__init__()
        self.network = network

    def forward(self, frames: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
        return self.network(frames.permute(0, 3, 1, 2).float() / 255.0, camera)


def fold_norms(encoder: nn.Module) -> nn.Module:
    """A copy of the encoder whose norms have gone into the convolutions before them (computed in float64)."""
    out = copy.deepcopy(encoder).eval()
    out.conv1, out.bn1 = _merged(out.conv1, out.bn1), nn.Identity()
    for block in out.modules():
        if isinstance(block, BasicBlock):
            block.conv1, block.bn1 = _merged(block.conv1, block.bn1), nn.Identity()
            block.conv2, block.bn2 = _merged(block.conv2, block.bn2), nn.Identity()
            if block.downsample is not None:
                block.downsample = nn.Sequential(_merged(block.downsample[0], block.downsample[1]))
    return out


def _merged(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    scale = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
    merged = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    merged.weight.data = (conv.weight.detach().double() * scale.view(-1, 1, 1, 1)).float()
    merged.bias.data = (norm.bias.detach().double() - norm.running_mean.double() * scale).float()
    return merged
