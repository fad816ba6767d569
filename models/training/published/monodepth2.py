"""Monodepth2 (Godard, Mac Aodha, Firman, Brostow, ICCV 2019), the ResNet-18 model: one picture -> sigmoid disparity."""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

from .resnet import CHANNELS, ResNet18

WIDTHS = (16, 32, 64, 128, 256)
"""Channels of the decoder at strides 1, 2, 4, 8, 16."""


class MirrorConv(nn.Module):
    """3x3 convolution over a mirrored border."""

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.pad(x, (1, 1, 1, 1), mode="reflect"))


class Step(nn.Module):
    """MirrorConv and ELU."""

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.conv = MirrorConv(cin, cout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.elu(self.conv(x))


class Decoder(nn.Module):
    """Five maps at strides 2 to 32 -> disparity [B,1,H,W], a sigmoid.

    `decoder` lists the layers as the checkpoints do: from the deepest on, before and after the skip
    joins; then the four heads, of which inference needs that of full size alone.
    """

    def __init__(self):
        super().__init__()
        layers: list[nn.Module] = []
        for level in range(4, -1, -1):
            below = CHANNELS[-1] if level == 4 else WIDTHS[level + 1]
            skip = CHANNELS[level - 1] if level > 0 else 0
            layers += [Step(below, WIDTHS[level]), Step(WIDTHS[level] + skip, WIDTHS[level])]
        layers += [MirrorConv(WIDTHS[scale], 1) for scale in range(4)]
        self.decoder = nn.ModuleList(layers)

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        x = maps[-1]
        for at, level in enumerate(range(4, -1, -1)):
            x = F.interpolate(self.decoder[2 * at](x), scale_factor=2, mode="nearest")
            if level > 0:
                x = torch.cat([x, maps[level - 1]], 1)
            x = self.decoder[2 * at + 1](x)
        return torch.sigmoid(self.decoder[10](x))


class Monodepth2(nn.Module):
    """RGB 0..1 [1,3,H,W], sides multiples of 32 -> sigmoid disparity d [1,1,H,W]; depth = 1 / (0.01 + 9.99 d)."""

    FILES = {"encoder.pth": "encoder", "depth.pth": "depth"}
    """File of the official checkpoint -> part of this network."""
    PREFIXES = {"encoder.pth": "encoder."}
    """What a file's names begin with that ours do not."""

    def __init__(self):
        super().__init__()
        self.encoder = ResNet18()
        self.depth = Decoder()

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.depth(self.encoder(picture))
