"""ResNet-18's convolutional part (He et al., CVPR 2016), as Monodepth2 and ManyDepth use it.

Tensor names are those of torchvision's, which the checkpoints of both carry.
"""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

CHANNELS = (64, 64, 128, 256, 512)
"""Of the five outputs, at strides 2, 4, 8, 16, 32."""


class Residual(nn.Module):
    """Two 3x3 convolutions beside a way past them, which is a 1x1 convolution where the shape changes."""

    def __init__(self, cin: int, cout: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))
        else:
            self.downsample = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        past = x if self.downsample is None else self.downsample(x)
        inner = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(inner + past)


def stage(cin: int, cout: int, stride: int) -> nn.Sequential:
    return nn.Sequential(Residual(cin, cout, stride), Residual(cout, cout, 1))


class ResNet18(nn.Module):
    """RGB pictures stacked along channels [B,3n,H,W], 0..1 -> five maps at strides 2 to 32 (CHANNELS wide)."""

    def __init__(self, pictures: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(3 * pictures, CHANNELS[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(CHANNELS[0])
        self.layer1 = stage(CHANNELS[0], CHANNELS[1], 1)
        self.layer2 = stage(CHANNELS[1], CHANNELS[2], 2)
        self.layer3 = stage(CHANNELS[2], CHANNELS[3], 2)
        self.layer4 = stage(CHANNELS[3], CHANNELS[4], 2)

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        maps = [torch.relu(self.bn1(self.conv1((pictures - 0.45) / 0.225)))]
        maps.append(self.layer1(F.max_pool2d(maps[-1], 3, 2, 1)))
        for layer in (self.layer2, self.layer3, self.layer4):
            maps.append(layer(maps[-1]))
        return maps
