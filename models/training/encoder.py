"""Encoder and decoder of TC-Depth Lite, laid out so that TCMonoDepth-small's tensors fit.

TCMonoDepth-small is a ShuffleNetV2 at half width (Ma et al., ECCV 2018) under a U-net of
separable convolutions. Slicing and shuffling channels costs a CPU more than it saves, so
every unit here is written with whole convolutions that contain the original as a special
case: the shuffle is a 1x1 convolution that starts as a permutation and is then trained, the
decoder's concatenation is a sum.
Channel counts are padded to multiples of 16, the block of vectorised convolutions.
Shapes are NCHW; strides 2, 4, 8, 16 carry 32, 64, 96 and 192 channels.
"""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

CHANNELS = (32, 64, 96, 192)
REPEATS = (4, 8, 4)
SKIPS = (16, 32, 48)


class ConvNorm(nn.Module):
    """Convolution with bias and a batch norm that starts as the identity and folds away.

    `measure` sets the norm's mean, variance, scale and shift from what passes through, so that
    train mode changes nothing at first; without norms the pre-trained features did not survive
    the first hundred steps (RUNS.md).
    """

    def __init__(self, cin: int, cout: int, kernel: int = 1, stride: int = 1, groups: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups)
        self.norm: nn.Module = nn.BatchNorm2d(cout, momentum=0.05)
        self.measuring = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        if self.measuring:
            self.measure(y)
            return y
        return self.norm(y)

    @torch.no_grad()
    def measure(self, y: torch.Tensor) -> None:
        variance, mean = torch.var_mean(y.float(), (0, 2, 3), unbiased=False)
        n = self.norm
        n.running_mean.copy_(mean)
        n.running_var.copy_(variance)
        n.weight.copy_(torch.sqrt(variance + n.eps))
        n.bias.copy_(mean)

    @torch.no_grad()
    def fold(self) -> None:
        """Puts the norm's eval-mode scale and shift into the convolution. Idempotent."""
        if isinstance(self.norm, nn.Identity):
            return
        n = self.norm
        scale = n.weight / torch.sqrt(n.running_var + n.eps)
        self.conv.weight.mul_(scale[:, None, None, None])
        self.conv.bias.copy_((self.conv.bias - n.running_mean) * scale + n.bias)
        self.norm = nn.Identity()


def depthwise(channels: int, stride: int = 1, kernel: int = 3) -> ConvNorm:
    return ConvNorm(channels, channels, kernel, stride, groups=channels)


class Unit(nn.Module):
    """cat(relu(carry(x)), relu(project(depthwise(relu(expand(x)))))); keeps shape [B,C,h,w]."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        self.carry, self.expand = ConvNorm(channels, half), ConvNorm(channels, half)
        self.depthwise, self.project = depthwise(half), ConvNorm(half, half)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        new = self.project(self.depthwise(F.relu(self.expand(x))))
        return torch.cat([F.relu(self.carry(x)), F.relu(new)], 1)


class Down(nn.Module):
    """Halves the grid: [B,cin,h,w] -> [B,cout,h/2,w/2]; both branches see the whole input."""

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.carry_depthwise, self.carry = depthwise(cin, 2), ConvNorm(cin, cout // 2)
        self.expand, self.depthwise = ConvNorm(cin, cin), depthwise(cin, 2)
        self.project = ConvNorm(cin, cout // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        new = self.project(self.depthwise(F.relu(self.expand(x))))
        return torch.cat([F.relu(self.carry(self.carry_depthwise(x))), F.relu(new)], 1)


class Encoder(nn.Module):
    """RGB in 0..1, [B,3,H,W], H and W multiples of 32 -> features at strides 2, 4, 8, 16."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, CHANNELS[0], 3, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(Down(a, b), *(Unit(b) for _ in range(n - 1)))
            for a, b, n in zip(CHANNELS, CHANNELS[1:], REPEATS))

    def forward(self, rgb: torch.Tensor) -> list[torch.Tensor]:
        out = [F.relu(self.stem(rgb))]
        for stage in self.stages:
            out.append(stage(out[-1]))
        return out


class Skips(nn.Module):
    """Narrows the encoder's skips to 16, 32 and 48 channels; once a frame, cached."""

    def __init__(self) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(ConvNorm(c, s) for c, s in zip(CHANNELS, SKIPS))

    def forward(self, features: list[torch.Tensor]) -> list[torch.Tensor]:
        return [F.relu(r(f)) for r, f in zip(self.reduce, features)]


class UpBlock(nn.Module):
    """Doubles the coarse map bilinearly, filters it and the skip depthwise, sums their 1x1."""

    def __init__(self, coarse: int, skip: int, cout: int):
        super().__init__()
        self.coarse_depthwise, self.coarse = depthwise(coarse), ConvNorm(coarse, cout)
        self.skip_depthwise, self.skip = depthwise(skip), ConvNorm(skip, cout)

    def forward(self, coarse: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        up = F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.relu(self.coarse(F.relu(self.coarse_depthwise(up)))
                      + self.skip(F.relu(self.skip_depthwise(skip))))


class Decoder(nn.Module):
    """Stride-16 features and skips -> canonical inverse depth [B,1,H,W] in 1/metre.

    One 3x3 convolution at stride 2 gives a smooth map, doubled bilinearly, and four
    sub-pixel corrections that put edges on full-resolution pixels. The doubling is written
    as a fixed 3x3 stencil a sub-pixel. (r + sqrt(r^2 + KNEE^2)) / 2 keeps inverse depth
    positive with a soft knee, so far away (sky) is approached and never crossed. UNIT (1/metre;
    least-squares fit of TCMonoDepth-small to LiDAR of drive 9001, frames 0..38) keeps the last
    weights near one: without it one optimiser step moved the horizon by metres.
    """
    KNEE, UNIT = 0.01, 0.134

    def __init__(self) -> None:
        super().__init__()
        widths = (CHANNELS[3], 96, 48, 32)
        self.up = nn.ModuleList(UpBlock(a, s, b) for a, s, b in zip(widths, SKIPS[::-1], widths[1:]))
        self.final = nn.Conv2d(widths[-1], 5, 3, padding=1)
        near, far = torch.tensor([0.25, 0.75, 0.0]), torch.tensor([0.0, 0.75, 0.25])
        self.register_buffer("doubling", torch.stack([torch.outer(a, b) for a in (near, far)
                                                    for b in (near, far)])[:, None], persistent=False)

    def forward(self, coarse: torch.Tensor, skips: list[torch.Tensor], fine: nn.Module | None = None) -> torch.Tensor:
        """coarse [B,192,h,w] and skips from stride 2 on; `fine` filters the 96 channels at stride 8."""
        x = self.up[0](coarse, skips[-1])
        x = x if fine is None else fine(x)
        for block, skip in zip(self.up[1:], skips[-2::-1]):
            x = block(x, skip)
        with torch.autocast("cpu", enabled=False):
            out = self.final(x.float()) * self.UNIT
            base = F.conv2d(F.pad(out[:, :1], (1, 1, 1, 1), mode="replicate"), self.doubling)
            raw = F.pixel_shuffle(base + out[:, 1:], 2)
            return 0.5 * (raw + torch.sqrt(raw * raw + self.KNEE ** 2)) + 1e-3
