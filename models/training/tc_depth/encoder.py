"""DRN-C-26: a residual network that stops shrinking at stride 8 and dilates instead.

Yu, Koltun, Funkhouser, "Dilated Residual Networks", CVPR 2017. Attribute names follow the
published layout of DRN weights, which is what makes them loadable.
"""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

CHANNELS = (16, 32, 64, 128, 256, 512, 512, 512)
"""Channels of the eight layers at width 1."""
STRIDE = 8
"""Pixels of the picture per coarse cell, in both directions."""
PIXEL_MEAN, PIXEL_STD = 0.45, 0.225
"""TC-Depth's normalisation of RGB in 0..1, the same for all three channels."""

# (blocks, stride, dilation, keeps a residual path) of layer1 .. layer8. The last two layers
# have none: they take out the grid that dilation leaves behind.
LAYERS = ((1, 1, 1, True), (1, 2, 1, True), (2, 2, 1, True), (2, 2, 1, True),
          (2, 1, 2, True), (2, 1, 4, True), (1, 1, 2, False), (1, 1, 1, False))


def scaled(channels: int, width: float) -> int:
    """Channels of a narrowed network, at least one. width 1 is the published network."""
    return max(1, round(channels * width))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm; [B,cin,H,W] -> [B,cout,H/stride,W/stride]."""

    def __init__(self, cin: int, cout: int, stride: int, dilation: int, residual: bool, project: bool):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, dilation, dilation, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample = (nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))
                           if project else None)
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.residual:
            y = y + (x if self.downsample is None else self.downsample(x))
        return F.relu(y)


class Drn(nn.Module):
    """RGB in 0..1 [B,3,H,W], H and W multiples of 8 -> skips at strides 2, 4, 8 and the coarse feature.

    At width 1: [B,32,H/2,W/2], [B,64,H/4,W/4], [B,128,H/8,W/8], [B,512,H/8,W/8].
    """

    def __init__(self, width: float = 1.0):
        super().__init__()
        at = [scaled(c, width) for c in CHANNELS]
        self.conv1 = nn.Conv2d(3, at[0], 7, 1, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(at[0])
        before, before_full = at[0], CHANNELS[0]
        for i, (blocks, stride, dilation, residual) in enumerate(LAYERS):
            cin, full = before, before_full
            layer = []
            for n in range(blocks):
                step = stride if n == 0 else 1
                # Asked of the published widths: two narrow layers may round to the same number.
                project = n == 0 and (step != 1 or full != CHANNELS[i])
                layer.append(BasicBlock(cin, at[i], step, dilation, residual, project))
                cin = at[i]
            setattr(self, f"layer{i + 1}", nn.Sequential(*layer))
            before, before_full = at[i], CHANNELS[i]

    def forward(self, rgb: torch.Tensor) -> list[torch.Tensor]:
        x = (rgb - PIXEL_MEAN) / PIXEL_STD
        x = F.relu(self.bn1(self.conv1(x)))
        features = []
        for i in range(1, 9):
            x = getattr(self, f"layer{i}")(x)
            if i in (2, 3, 4, 8):
                features.append(x)
        return features
