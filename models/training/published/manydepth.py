"""ManyDepth (Watson, Mac Aodha, Prisacariu, Brostow, Firman, CVPR 2021): a cost volume over t-1, posed by a network.

Cut for a stream: `FramePart` looks at one picture, once; `WindowPart` finds the motion between two of
them, matches their features at 96 depths and decodes. Tensor names are those of the checkpoints.
"""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

from .monodepth2 import Decoder
from .resnet import CHANNELS, ResNet18, stage

BINS = 96
BORDER = 2
"""Cells at the rim of either picture that zero padding spoils: they do not match."""


class MatchingEncoder(nn.Module):
    """ResNet-18 that takes the cost volume in after its first residual stage."""

    def __init__(self):
        super().__init__()
        self.layer0 = nn.Sequential(nn.Conv2d(3, CHANNELS[0], 7, 2, 3, bias=False), nn.BatchNorm2d(CHANNELS[0]), nn.ReLU())
        self.layer1 = nn.Sequential(nn.MaxPool2d(3, 2, 1), stage(CHANNELS[0], CHANNELS[1], 1))
        self.layer2 = stage(CHANNELS[1], CHANNELS[2], 2)
        self.layer3 = stage(CHANNELS[2], CHANNELS[3], 2)
        self.layer4 = stage(CHANNELS[3], CHANNELS[4], 2)
        # In the checkpoints, and without effect on the answer.
        self.prematching_conv = nn.Sequential(nn.Conv2d(CHANNELS[1], 16, 1), nn.ReLU())
        self.reduce_conv = nn.Sequential(nn.Conv2d(CHANNELS[1] + BINS, CHANNELS[1], 3, 1, 1), nn.ReLU())


class PoseEncoder(nn.Module):
    """Two pictures stacked -> the deepest map of a ResNet-18."""

    def __init__(self):
        super().__init__()
        self.encoder = ResNet18(pictures=2)

    def forward(self, pair: torch.Tensor) -> torch.Tensor:
        return self.encoder(pair)[-1]


class PoseDecoder(nn.Module):
    """The deepest map -> axis-angle and translation of the first of two motions, [3] each."""

    def __init__(self):
        super().__init__()
        self.net = nn.ModuleList([nn.Conv2d(CHANNELS[-1], 256, 1), nn.Conv2d(256, 256, 3, 1, 1),
                                  nn.Conv2d(256, 256, 3, 1, 1), nn.Conv2d(256, 12, 1)])

    def forward(self, deepest: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = deepest
        for layer in self.net[:3]:
            x = torch.relu(layer(x))
        motion = 0.01 * self.net[3](x).mean((0, 2, 3))
        return motion[:3], motion[3:6]


def rotation(vector: torch.Tensor) -> torch.Tensor:
    """Axis-angle [3] -> rotation [3,3] (Rodrigues), which turns about vector / |vector| by |vector|."""
    angle = torch.sqrt((vector * vector).sum())
    axis = vector / (angle + 1e-7)
    x, y, z = axis[0], axis[1], axis[2]
    nought = torch.zeros_like(x)
    cross = torch.stack([nought, -z, y, z, nought, -x, -y, x, nought]).view(3, 3)
    outer = axis.view(3, 1) * axis.view(1, 3)
    turn = torch.cos(angle)
    # The published code multiplies the axis out with itself and does not renormalise it; so does this.
    return outer * (1 - turn) + torch.eye(3) * turn + cross * torch.sin(angle)


class ManyDepth(nn.Module):
    """Two pictures RGB 0..1 [1,3,H,W] (t, t-1) and a camera -> sigmoid disparity of t [1,1,H,W].

    camera [4] = fx,fy,cx,cy in pixels of the pictures. low, high: depths of the first and the last
    bin, which training has found and the checkpoint holds.
    """

    FILES = {"encoder.pth": "encoder", "depth.pth": "depth", "pose_encoder.pth": "pose_encoder", "pose.pth": "pose"}
    """File of the official checkpoint -> part of this network."""

    def __init__(self, low: float = 0.1, high: float = 20.0):
        super().__init__()
        self.encoder = MatchingEncoder()
        self.depth = Decoder()
        self.pose_encoder = PoseEncoder()
        self.pose = PoseDecoder()
        self.low, self.high = low, high

    def features(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps at strides 2 and 4, [1,64,H/2,W/2] and [1,64,H/4,W/4]."""
        half = self.encoder.layer0((picture - 0.45) / 0.225)
        return half, self.encoder.layer1(half)

    def motion(self, picture: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Takes points of t's camera into that of t-1: [3,4]."""
        vector, translation = self.pose(self.pose_encoder(torch.cat([before, picture], 1)))
        # The network answers the way from t-1 to t: it is inverted, as R^T and R^T (-t).
        back = rotation(vector).T
        return torch.cat([back, back @ -translation.view(3, 1)], 1)

    def cost(self, here: torch.Tensor, there: torch.Tensor, camera: torch.Tensor, motion: torch.Tensor) -> torch.Tensor:
        """Mean absolute difference of features at each of the 96 depths, [1,96,h,w]; 0 where a bin was never seen."""
        h, w = here.shape[-2:]
        fx, fy, cx, cy = (camera / 4).unbind()
        columns, rows = torch.arange(w, dtype=here.dtype), torch.arange(h, dtype=here.dtype)
        x = ((columns - cx) / fx).view(1, 1, w).expand(1, h, w)
        y = ((rows - cy) / fy).view(1, h, 1).expand(1, h, w)
        rays = torch.cat([x, y, torch.ones_like(x)]).view(3, h * w)
        depths = torch.linspace(self.low, self.high, BINS).view(BINS, 1, 1)
        moved = depths * (motion[:, :3] @ rays) + motion[:, 3:]
        z = moved[:, 2] + 1e-7
        u = (fx * moved[:, 0] + cx * moved[:, 2]) / z
        v = (fy * moved[:, 1] + cy * moved[:, 2]) / z
        # All depths lie below one another in one tall grid, so that the features are not repeated 96 times.
        grid = torch.stack([u / (w - 1) * 2 - 1, v / (h - 1) * 2 - 1], -1).view(1, BINS * h, w, 2)
        carried = F.grid_sample(there, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
        carried = carried.view(-1, BINS, h, w)
        seen = ((u >= BORDER) & (u <= w - BORDER) & (v >= BORDER) & (v <= h - BORDER)).view(BINS, h, w)
        middle = ((columns >= BORDER) & (columns < w - BORDER)).view(1, w) & ((rows >= BORDER) & (rows < h - BORDER)).view(h, 1)
        difference = (carried - here.view(-1, 1, h, w)).abs().mean(0) * (seen & middle)
        cost = difference / ((difference > 0).to(difference.dtype) + 1e-7)
        missing = cost == 0
        whole = (~missing).all(0)
        filled = torch.where(missing, cost.amax(0, keepdim=True), cost)
        return (filled * whole)[None]

    def decode(self, half: torch.Tensor, quarter: torch.Tensor, cost: torch.Tensor) -> torch.Tensor:
        encoder = self.encoder
        x = encoder.reduce_conv(torch.cat([quarter, cost], 1))
        maps = [half, quarter]
        for layer in (encoder.layer2, encoder.layer3, encoder.layer4):
            x = layer(x)
            maps.append(x)
        return self.depth(maps)

    def forward(self, picture: torch.Tensor, before: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
        half, quarter = self.features(picture)
        cost = self.cost(quarter, self.features(before)[1], camera, self.motion(picture, before))
        return self.decode(half, quarter, cost)


class FramePart(nn.Module):
    """What is computed once a frame: f0 the picture itself, which the motion needs, f1 and f2 its maps."""

    def __init__(self, network: ManyDepth):
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return picture * 1.0, *self.network.features(picture)


class WindowPart(nn.Module):
    """Target f0, f1, f2, context f0, f2 and the camera -> disparity."""

    def __init__(self, network: ManyDepth):
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor, half: torch.Tensor, quarter: torch.Tensor, before: torch.Tensor,
                quarter_before: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
        network = self.network
        cost = network.cost(quarter, quarter_before, camera, network.motion(picture, before))
        return network.decode(half, quarter, cost)
