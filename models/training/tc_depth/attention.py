"""Spatial attention (by distance in space), temporal attention (by likeness across frames), three times.

Paper section 3. Features are [F,C,N]: F = 3 frames, C channels, N = h*w coarse cells, so that
every 1x1 convolution is a matrix product.
"""
from __future__ import annotations

import torch
import torch.nn as nn

from .encoder import scaled

SIGMA = 0.25
"""Of the distance kernel exp(-d / (2 sigma)); fixed in training, kept in every checkpoint."""
NARROWING = 8
"""Channels of the feature per channel of key, query and value."""


class PointwiseNorm(nn.Module):
    """1x1 convolution and batch norm: [F,cin,N] -> [F,cout,N]."""

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.conv = nn.Conv1d(cin, cout, 1)
        self.norm = nn.BatchNorm1d(cout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x))


class SpatialAttention(nn.Module):
    """Each cell gathers from the cells near it in space: x [F,C,N], kernels [F,N,N] -> [F,C,N].

    No key, no query, no softmax: the kernel's columns (see `geometry.distance_kernel`) are the weights.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.value = nn.Conv1d(channels, channels, 1)
        self.gathered = PointwiseNorm(channels, channels)
        self.own = PointwiseNorm(channels, channels)
        self.join = PointwiseNorm(2 * channels, channels)
        self.gamma = nn.Parameter(torch.full((1,), 0.7))
        self.register_buffer("sigma", torch.full((1,), SIGMA))

    def forward(self, x: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
        near = self.value(x) @ kernels
        return x + self.gamma * self.join(torch.cat([self.gathered(near), self.own(x)], 1))


class TemporalAttention(nn.Module):
    """Each frame's cells look up like cells of the two other frames: [3,C,N] -> [3,C,N].

    Query and key are one projection. All frames are updated from the same input, the contexts
    of the two others are summed: a change of the frames' order changes the order of the answers
    and nothing else.
    """

    def __init__(self, channels: int):
        super().__init__()
        inner = max(1, channels // NARROWING)
        self.key = PointwiseNorm(channels, inner)
        self.value = nn.Conv1d(channels, inner, 1)
        self.out = nn.Conv1d(inner, channels, 1)
        self.fuse = nn.Conv1d(2 * channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        keys, values = self.key(x), self.value(x)
        contexts = []
        for target in range(3):
            context = torch.zeros_like(x[0])
            for other in range(3):
                if other != target:
                    scores = keys[target].T @ keys[other] * keys.shape[1] ** -0.5
                    context = context + self.out((values[other] @ torch.softmax(scores, 1).T).unsqueeze(0))[0]
            contexts.append(context)
        return x + self.fuse(torch.cat([x, torch.stack(contexts)], 1))


class AttentionBlock(nn.Module):
    """Spatial, then temporal attention; the three blocks of the network differ in weights alone."""

    def __init__(self, width: float = 1.0):
        super().__init__()
        channels = scaled(512, width)
        self.spatial = SpatialAttention(channels)
        self.temporal = TemporalAttention(channels)

    def forward(self, x: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
        return self.temporal(self.spatial(x, kernels))
