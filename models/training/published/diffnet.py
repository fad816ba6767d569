"""DIFFNet (Zhou, Greenwood, Taylor, BMVC 2021): HRNet-W18 whose stages are all kept, and a decoder with channel attention.

Tensor names are those of the official checkpoints; where depth.pth names a tensor twice, `convs` counts.
"""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

from .monodepth2 import MirrorConv, Step
from .resnet import Residual

BRANCHES = (18, 36, 72, 144)
"""Channels at strides 4, 8, 16, 32."""
STEM = 64


def normed(cin: int, cout: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(cout)]


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 to four times the channels, beside a way past them."""

    def __init__(self, cin: int, inner: int):
        super().__init__()
        self.conv1, self.bn1 = normed(cin, inner, 1)
        self.conv2, self.bn2 = normed(inner, inner, 3)
        self.conv3, self.bn3 = normed(inner, 4 * inner, 1)
        self.downsample = nn.Sequential(*normed(cin, 4 * inner, 1)) if cin != 4 * inner else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        past = x if self.downsample is None else self.downsample(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        return torch.relu(self.bn3(self.conv3(y)) + past)


class Exchange(nn.Module):
    """Four residual blocks a branch, then every branch takes part in every other."""

    def __init__(self, branches: int):
        super().__init__()
        widths = BRANCHES[:branches]
        self.branches = nn.ModuleList(nn.Sequential(*(Residual(w, w, 1) for _ in range(4))) for w in widths)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(self._way(source, target) for source in range(branches)) for target in range(branches))

    @staticmethod
    def _way(source: int, target: int) -> nn.Module | None:
        """From one branch's maps to another's: coarser ones by 1x1 (enlarged later), finer ones by strides of two."""
        if source == target:
            return None
        if source > target:
            return nn.Sequential(*normed(BRANCHES[source], BRANCHES[target], 1))
        steps = []
        for at in range(source, target):
            last = at == target - 1
            step = normed(BRANCHES[source], BRANCHES[target] if last else BRANCHES[source], 3, 2)
            steps.append(nn.Sequential(*step, *([] if last else [nn.ReLU()])))
        return nn.Sequential(*steps)

    def forward(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        maps = [branch(x) for branch, x in zip(self.branches, maps)]
        out = []
        for target, ways in enumerate(self.fuse_layers):
            total = None
            for source, way in enumerate(ways):
                part = maps[source] if way is None else way(maps[source])
                if source > target:
                    part = F.interpolate(part, size=maps[target].shape[-2:], mode="bilinear", align_corners=True)
                total = part if total is None else total + part
            out.append(torch.relu(total))
        return out


class HrNet(nn.Module):
    """RGB 0..1 [B,3,H,W], as it is -> maps by stride: 2 [64], 4 [64,18,18,18], 8 [36,36,36], 16 [72,72], 32 [144]."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = normed(3, STEM, 3, 2)
        self.conv2, self.bn2 = normed(STEM, STEM, 3, 2)
        self.layer1 = nn.Sequential(Bottleneck(STEM, 64), *(Bottleneck(256, 64) for _ in range(3)))
        self.transition1 = nn.ModuleList([self._step(256, 18, 1), nn.Sequential(self._step(256, 36, 2))])
        self.transition2 = nn.ModuleList([None, None, nn.Sequential(self._step(36, 72, 2))])
        self.transition3 = nn.ModuleList([None, None, None, nn.Sequential(self._step(72, 144, 2))])
        self.stage2 = nn.ModuleList([Exchange(2)])
        self.stage3 = nn.ModuleList(Exchange(3) for _ in range(4))
        self.stage4 = nn.ModuleList(Exchange(4) for _ in range(3))

    @staticmethod
    def _step(cin: int, cout: int, stride: int) -> nn.Sequential:
        return nn.Sequential(*normed(cin, cout, 3, stride), nn.ReLU())

    def forward(self, picture: torch.Tensor) -> list[list[torch.Tensor]]:
        half = torch.relu(self.bn1(self.conv1(picture)))
        quarter = torch.relu(self.bn2(self.conv2(half)))
        kept: list[list[torch.Tensor]] = [[quarter], [], [], []]
        x = self.layer1(quarter)
        maps = [self.transition1[0](x), self.transition1[1](x)]
        for stage, added in ((self.stage2, self.transition2[2]), (self.stage3, self.transition3[3]), (self.stage4, None)):
            for module in stage:
                maps = module(maps)
            for shelf, made in zip(kept, maps):
                shelf.append(made)
            if added is not None:
                maps = [*maps, added(maps[-1])]
        return [[half], *kept]


class Attention(nn.Module):
    """The coarser map enlarged beside the finer ones, each channel weighed by its mean, then one convolution."""

    def __init__(self, coarse: int, fine: int, cout: int):
        super().__init__()
        channels = coarse + fine
        self.ca = nn.Module()
        self.ca.fc = nn.Sequential(nn.Linear(channels, channels // 16, bias=False), nn.ReLU(),
                                   nn.Linear(channels // 16, channels, bias=False))
        self.conv_se = nn.Conv2d(channels, cout, 3, 1, 1)

    def forward(self, coarse: torch.Tensor, fine: list[torch.Tensor]) -> torch.Tensor:
        x = torch.cat([F.interpolate(coarse, scale_factor=2, mode="nearest"), *fine], 1)
        weight = torch.sigmoid(self.ca.fc(x.mean((2, 3))))
        return torch.relu(self.conv_se(x * weight[:, :, None, None]))


class Decoder(nn.Module):
    """HrNet's maps -> disparity [B,1,H,W], a sigmoid. Heads of the smaller scales serve training alone."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleDict({
            "72": Attention(144, 2 * 72, 256), "36": Attention(256, 3 * 36, 128),
            "18": Attention(128, 3 * 18 + STEM, 64), "9": Attention(64, STEM, 32),
            "up_x9_0": Step(32, 16), "up_x9_1": Step(16, 16),
            **{f"dispConvScale{scale}": MirrorConv(width, 1) for scale, width in enumerate((16, 32, 64, 128))},
        })

    def forward(self, maps: list[list[torch.Tensor]]) -> torch.Tensor:
        x = maps[4][0]
        for name, fine in zip(("72", "36", "18", "9"), (maps[3], maps[2], maps[1], maps[0])):
            x = self.convs[name](x, fine)
        x = self.convs["up_x9_1"](F.interpolate(self.convs["up_x9_0"](x), scale_factor=2, mode="nearest"))
        return torch.sigmoid(self.convs["dispConvScale0"](x))


class DiffNet(nn.Module):
    """RGB 0..1 [1,3,H,W], sides multiples of 32 -> sigmoid disparity d [1,1,H,W]; depth = 1 / (0.01 + 9.99 d)."""

    FILES = {"encoder.pth": "encoder", "depth.pth": "depth"}
    """File of the official checkpoint -> part of this network."""
    ALIASES = {"depth.pth": "decoder."}
    """What the second name of a tensor begins with, in a file that holds each twice."""

    def __init__(self):
        super().__init__()
        self.encoder = HrNet()
        self.depth = Decoder()

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.depth(self.encoder(picture))
