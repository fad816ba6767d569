"""TC-Depth as released: three frames in, the depth of all three out.

Ruhkamp, Gao, Chen, Navab, Busam, "Attention meets Geometry: Geometry Guided Spatial-Temporal
Attention for Consistent Self-Supervised Monocular Depth Estimation", 3DV 2021.
"""
from __future__ import annotations

import torch
import torch.nn as nn

from .attention import AttentionBlock
from .coarse_depth import CoarseDepth
from .decoder import Decoder, depth_of
from .encoder import Drn
from .geometry import camera_or_default, cell_points, distance_kernel

BLOCKS = 3


class TcDepth(nn.Module):
    """The whole network. `width` scales every channel count: 1 is the published one, 1/16 serves tests.

    forward(frames, camera): frames [3,3,H,W], RGB in 0..1, the target first, the two others in any
    order; H and W multiples of 8; camera [4] = fx,fy,cx,cy in pixels of that size (all zero: KITTI's).
    Answers depth [3,1,H,W] in the network's own unit, within 0.1..100, in the order of the frames.
    Frames are encoded one by one; they meet in the temporal attention alone.
    """

    def __init__(self, width: float = 1.0):
        super().__init__()
        self.width = width
        self.encoder = Drn(width)
        self.coarse = CoarseDepth(width)
        self.blocks = nn.ModuleList(AttentionBlock(width) for _ in range(BLOCKS))
        self.decoder = Decoder(width)

    def fuse(self, feature: torch.Tensor, camera: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Coarse features of the three frames [3,512,h,w] -> fused ones of the same shape. size = (H, W)."""
        # Only its own loss teaches the coarse head; the distance of a cell to itself has no gradient anyway.
        disparity = self.coarse(feature).detach()
        camera = camera_or_default(camera, *size)
        points = [cell_points(disparity[i : i + 1], camera) for i in range(3)]
        x = feature.flatten(2)
        # One kernel serves the three blocks: sigma is the same constant in each (checked on loading).
        kernels = torch.stack([distance_kernel(p, self.blocks[0].spatial.sigma) for p in points])
        for block in self.blocks:
            x = block(x, kernels)
        return x.view_as(feature)

    def sigmoids(self, frames: torch.Tensor, camera: torch.Tensor) -> list[torch.Tensor]:
        """All four scales for all three frames, [3,1,H/2^s,W/2^s]: what training looks at."""
        *skips, feature = self.encoder(frames)
        return self.decoder(skips, self.fuse(feature, camera, frames.shape[-2:]))

    def forward(self, frames: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
        *skips, feature = self.encoder(frames)
        return depth_of(self.decoder.full_scale(skips, self.fuse(feature, camera, frames.shape[-2:])))
