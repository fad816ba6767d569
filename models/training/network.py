"""TC-Depth Lite: one encoder pass a frame, spatial and temporal attention, two heads.

After TC-Depth (Ruhkamp et al., "Attention meets Geometry", 3DV 2021): a coarse depth head
gives every coarse cell a 3-D point, spatial attention weighs cells by exp(-2 d) of their
3-D distance, temporal attention shares its query and key projection and sums the contexts
of the other frames, so their order does not matter. Here both run once, at stride 16.

Canonical camera: the network answers for a focal length of F_CANONICAL pixels; metres are
canonical depth * fx / F_CANONICAL, with fx in pixels of the picture that is fed.
"""
from __future__ import annotations

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from encoder import CHANNELS, ConvNorm, Decoder, Encoder, Skips, depthwise

F_CANONICAL = 370.0
DEPTH_RANGE = (0.1, 100.0)
STRIDE = 16
KEY, VALUE, BINS, FINE = 64, 96, 32, 96


def rays(camera: torch.Tensor, height: int, width: int, stride: int = STRIDE) -> torch.Tensor:
    """Directions (x/z, y/z, 1) of cell centres, [B,3,h,w]. camera: [B,4] = fx,fy,cx,cy pixels."""
    v = (torch.arange(height, dtype=camera.dtype, device=camera.device) + 0.5) * stride - 0.5
    u = (torch.arange(width, dtype=camera.dtype, device=camera.device) + 0.5) * stride - 0.5
    fx, fy, cx, cy = (camera[:, i].view(-1, 1, 1) for i in range(4))
    x = ((u.view(1, 1, -1) - cx) / fx).expand(-1, height, -1)
    y = ((v.view(1, -1, 1) - cy) / fy).expand(-1, -1, width)
    return torch.stack([x, y, torch.ones_like(x)], 1)


class MixBlock(nn.Module):
    """Inverted residual, depthwise 5x5, at stride 16. The last convolution starts at zero: identity."""

    def __init__(self, channels: int, expand: int = 2):
        super().__init__()
        mid = channels * expand
        self.body = nn.Sequential(ConvNorm(channels, mid), nn.ReLU(), depthwise(mid, kernel=5),
                                  nn.ReLU(), nn.Conv2d(mid, channels, 1))
        nn.init.zeros_(self.body[4].weight)
        nn.init.zeros_(self.body[4].bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class WideContext(nn.Module):
    """What the whole picture says, at stride 32: two mixing blocks on halved cells and their mean.

    At 640x192 a stride-16 cell sees a third of the picture's width; scale and large vehicles need
    more. The way back starts at zero: identity.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.blocks = nn.Sequential(MixBlock(channels), MixBlock(channels))
        self.whole = nn.Conv2d(channels, channels, 1)
        self.back = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.back.weight)
        nn.init.zeros_(self.back.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = self.blocks(F.avg_pool2d(x, 2))
        half = F.relu(half + self.whole(half.mean((2, 3), keepdim=True)))
        return x + F.interpolate(self.back(half), scale_factor=2.0, mode="bilinear", align_corners=False)


class CoarseDepth(nn.Module):
    """TC-Depth's coarse head: softmax over bins (log-spaced, canonical metres) -> [B,1,h,w].

    Reads detached features, so that it follows the main branch without steering it.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.hidden = nn.Conv2d(channels, 64, 1)
        self.logits = nn.Conv2d(64, BINS, 1)
        self.register_buffer("bins", torch.linspace(math.log(0.5), math.log(150.0), BINS).view(1, -1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = torch.softmax(self.logits(F.relu(self.hidden(x.detach()))), 1)
        return torch.exp((weights * self.bins).sum(1, keepdim=True))


class SpatialAttention(nn.Module):
    """Mixes cells by 3-D nearness: A_ij = exp(-2 |P_i - P_j| / reach), rows normalised.

    reach (metres, trained) is TC-Depth's depth unit; there the depth is up to scale, here
    it is metric, so the unit has to be learnt.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.log_reach = nn.Parameter(torch.tensor(math.log(8.0)))
        self.value = nn.Conv2d(channels, 64, 1, bias=False)
        self.out = nn.Conv2d(64 + channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        b, _, h, w = x.shape
        p = points.flatten(2)
        apart = [p[:, i, :, None] - p[:, i, None, :] for i in range(3)]
        distance2 = apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2]
        kernel = torch.exp(torch.sqrt(distance2 + 1e-6) * (-2.0 * torch.exp(-self.log_reach)))
        mixed = torch.matmul(self.value(x).flatten(2), kernel) / kernel.sum(1, keepdim=True)
        mixed = mixed.reshape(b, -1, h, w)
        return x + self.out(torch.cat([mixed, x], 1))


class TemporalAttention(nn.Module):
    """Adds what the context frames say about the same things; contexts are summed.

    `project` runs once a frame: key (= query) [B,64,N] and value [B,96,N] of stride-16
    cells, N = h*w. `forward` runs once a window.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.key = nn.Conv2d(channels, KEY, 1)
        self.value = nn.Conv2d(channels, VALUE, 1)
        self.fuse = nn.Conv2d(channels + VALUE, channels, 1)
        nn.init.zeros_(self.fuse.weight)
        nn.init.zeros_(self.fuse.bias)

    def project(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.key(x).flatten(2), self.value(x).flatten(2)

    def forward(self, x: torch.Tensor, query: torch.Tensor,
                contexts: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
        b, _, h, w = x.shape
        q = query.transpose(1, 2) * (KEY ** -0.5)
        total = 0.0
        for key, value in contexts:
            weights = torch.softmax(torch.matmul(q, key), -1)
            total = total + torch.matmul(weights, value.transpose(1, 2))
        context = total.transpose(1, 2).reshape(b, -1, h, w)
        return x + self.fuse(torch.cat([x, context], 1))


class TcDepthLite(nn.Module):
    """The whole network; `frame` once a frame, then `window` or `single` on its features."""

    def __init__(self, mix_blocks: int = 3):
        super().__init__()
        c = CHANNELS[-1]
        self.encoder, self.skips = Encoder(), Skips()
        self.geometry = nn.Conv2d(3, c, 1)
        nn.init.zeros_(self.geometry.weight)
        nn.init.zeros_(self.geometry.bias)
        self.mix = nn.Sequential(*(MixBlock(c) for _ in range(mix_blocks)))
        self.wide = WideContext(c)
        self.coarse = CoarseDepth(c)
        self.spatial, self.temporal = SpatialAttention(c), TemporalAttention(c)
        self.settle, self.fine = MixBlock(c), MixBlock(FINE)
        self.single_head, self.window_head = Decoder(), Decoder()

    def frame(self, rgb: torch.Tensor, camera: torch.Tensor, project: bool = True) -> dict[str, torch.Tensor]:
        """rgb [B,3,H,W] 0..1, camera [B,4] -> features; 'coarse' is canonical depth at 1/16.

        project=False leaves key and value out (training computes them apart, with gradients).
        """
        features = self.encoder(rgb)
        x = features[-1]
        direction = rays(camera, x.shape[2], x.shape[3])
        zoom = torch.log(camera[:, 0] / F_CANONICAL).view(-1, 1, 1, 1).expand_as(direction[:, :1])
        x = self.mix(x + self.geometry(torch.cat([direction[:, :2], zoom], 1)))
        x = self.wide(x)
        coarse = self.coarse(x)
        metres = coarse.detach() * (camera[:, 0] / F_CANONICAL).view(-1, 1, 1, 1)
        x = self.spatial(x, direction * metres)
        s2, s4, s8 = self.skips(features)
        out = {"s2": s2, "s4": s4, "s8": s8, "x": x, "coarse": coarse}
        if project:
            out["key"], out["value"] = self.temporal.project(x)
        return out

    def single(self, f: dict[str, torch.Tensor]) -> torch.Tensor:
        """Canonical inverse depth [B,1,H,W], 1/metre, from one frame's features."""
        return self.single_head(f["x"], [f["s2"], f["s4"], f["s8"]])

    def window(self, target: dict[str, torch.Tensor],
               contexts: list[dict[str, torch.Tensor]]) -> torch.Tensor:
        """Canonical inverse depth of the target [B,1,H,W], from three frames' features."""
        x = self.temporal(target["x"], target["key"], [(c["key"], c["value"]) for c in contexts])
        return self.window_head(self.settle(x), [target["s2"], target["s4"], target["s8"]], self.fine)

    @torch.no_grad()
    def measure_norms(self, rgb: torch.Tensor, camera: torch.Tensor) -> None:
        """Sets every batch norm to the identity on these pictures (ConvNorm.measure)."""
        units = [m for m in self.modules() if isinstance(m, ConvNorm)]
        for unit in units:
            unit.measuring = True
        f = self.frame(rgb, camera)
        self.single(f)
        self.window(f, [f, f])
        for unit in units:
            unit.measuring = False

    def fold(self) -> "TcDepthLite":
        """Merges every batch norm into its convolution, for export; in place."""
        for module in self.modules():
            if isinstance(module, ConvNorm):
                module.fold()
        return self


def to_metres(inverse: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
    """Canonical inverse depth [B,1,H,W] -> metres for the camera [B,4], clamped to DEPTH_RANGE."""
    scale = (camera[:, 0] / F_CANONICAL).view(-1, 1, 1, 1)
    return (scale / inverse).clamp(*DEPTH_RANGE)
