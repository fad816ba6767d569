"""The 3x3 convolution with mirrored borders that both of TC-Depth's heads are made of."""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F


class MirrorConv(nn.Module):
    """Reflection padding by one, 3x3 convolution, optional ELU; [B,cin,h,w] -> [B,cout,h,w], h and w >= 2."""

    def __init__(self, cin: int, cout: int, elu: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3)
        self.elu = elu

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(F.pad(x, (1, 1, 1, 1), mode="reflect"))
        return F.elu(x) if self.elu else x
