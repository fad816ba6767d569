"""TC-Depth's depth decoder: from the fused coarse feature up to the picture's size, frame by frame."""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

from .convolution import MirrorConv
from .encoder import scaled

DEPTH_RANGE = (0.1, 100.0)
"""Depth of sigmoid 1 and of sigmoid 0. Relative: the network's unit is not a metre."""


def twice(x: torch.Tensor) -> torch.Tensor:
    """Bilinear doubling on half-pixel centres: [B,C,h,w] -> [B,C,2h,2w]."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def depth_of(sigmoid: torch.Tensor) -> torch.Tensor:
    """The head's sigmoid -> depth within DEPTH_RANGE: linear in disparity, as in Monodepth2."""
    near, far = DEPTH_RANGE
    return 1.0 / (1.0 / far + (1.0 / near - 1.0 / far) * sigmoid)


class Decoder(nn.Module):
    """Skips at strides 2, 4, 8 and the fused feature [B,512,h,w] -> sigmoids at scales 0..3.

    Scale s is [B,1,H/2^s,W/2^s] with H = 8h; scales 1..3 serve training alone.
    """

    def __init__(self, width: float = 1.0):
        super().__init__()

        def conv(cin: int, cout: int) -> MirrorConv:
            return MirrorConv(scaled(cin, width), scaled(cout, width))

        def joined(channels: int) -> MirrorConv:
            return MirrorConv(2 * scaled(channels, width), scaled(channels, width))

        # Indexed by scale: `before` the skip joins, `after` it has joined (at full size there is no skip).
        self.before = nn.ModuleList([conv(32, 16), conv(64, 32), conv(128, 64), conv(512, 128)])
        self.after = nn.ModuleList([conv(16, 16), joined(32), joined(64), joined(128)])
        self.head = nn.ModuleList([MirrorConv(scaled(c, width), 1, elu=False) for c in (16, 32, 64, 128)])

    def full_scale(self, skips: list[torch.Tensor], fused: torch.Tensor) -> torch.Tensor:
        """The sigmoid at the picture's size alone, [B,1,H,W]: what inference needs."""
        return self._run(skips, fused, False)[0]

    def forward(self, skips: list[torch.Tensor], fused: torch.Tensor) -> list[torch.Tensor]:
        return self._run(skips, fused, True)

    def _run(self, skips: list[torch.Tensor], fused: torch.Tensor, every_scale: bool) -> list[torch.Tensor]:
        x = self.after[3](torch.cat([self.before[3](fused), skips[2]], 1))
        sigmoids = [torch.sigmoid(self.head[3](x))] if every_scale else []
        for scale in (2, 1):
            x = self.after[scale](torch.cat([twice(self.before[scale](x)), skips[scale - 1]], 1))
            if every_scale:
                sigmoids.append(torch.sigmoid(self.head[scale](x)))
        x = self.after[0](twice(self.before[0](x)))
        return [torch.sigmoid(self.head[0](x)), *reversed(sigmoids)]
