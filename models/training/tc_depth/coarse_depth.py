"""TC-Depth's coarse depth head: a softmax over 256 bins of disparity, and its expectation.

Paper section 3: the coarse depth gives every cell its place in space for the spatial
attention. It reads the feature without steering it (detached), so it follows the network.
"""
from __future__ import annotations

import torch
import torch.nn as nn

from .convolution import MirrorConv
from .encoder import scaled

BINS = 256
DISPARITY_RANGE = (0.01, 10.0)
"""Scaled disparity 1/depth of the first and the last bin: depth 100 down to 0.1, in the network's own unit."""


class CoarseDepth(nn.Module):
    """Coarse feature [B,512,h,w] -> scaled disparity [B,1,h,w] within DISPARITY_RANGE; depth is 1/disparity."""

    def __init__(self, width: float = 1.0):
        super().__init__()
        hidden = scaled(256, width)
        self.hidden = MirrorConv(scaled(512, width), hidden)
        self.logits = MirrorConv(hidden, BINS, elu=False)
        self.register_buffer("bins", torch.linspace(*DISPARITY_RANGE, BINS).view(1, BINS, 1, 1))

    def forward(self, feature: torch.Tensor) -> torch.Tensor:
        weights = torch.softmax(self.logits(self.hidden(feature.detach())), 1)
        return (weights * self.bins).sum(1, keepdim=True)
