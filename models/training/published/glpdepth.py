"""GLPDepth (Kim et al., arXiv 2201.07436): a MiT-b4 encoder (SegFormer, Xie et al., NeurIPS 2021) and selective fusion.

Tensor names are those of the authors' checkpoints, which are one file each.
"""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTHS = (64, 128, 320, 512)
DEPTHS = (3, 8, 27, 3)
HEADS = (1, 2, 5, 8)
REDUCTIONS = (8, 4, 2, 1)
"""By how much keys and values are thinned out on each side, a stage."""
DECODER = 64


def as_map(tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """[B,N,C] -> [B,C,height,width]."""
    return tokens.transpose(1, 2).unflatten(2, (height, width))


def as_tokens(x: torch.Tensor) -> torch.Tensor:
    """[B,C,h,w] -> [B,h*w,C]."""
    return x.flatten(2).transpose(1, 2)


class Patches(nn.Module):
    """Overlapping patches: a strided convolution, then a norm over channels."""

    def __init__(self, cin: int, cout: int, kernel: int, stride: int):
        super().__init__()
        self.proj = nn.Conv2d(cin, cout, kernel, stride, kernel // 2)
        self.norm = nn.LayerNorm(cout)


class Attention(nn.Module):
    """Every token asks all cells of the map, thinned out by a convolution."""

    def __init__(self, width: int, heads: int, reduction: int):
        super().__init__()
        self.heads, self.reduction = heads, reduction
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)
        if reduction > 1:
            self.sr = nn.Conv2d(width, width, reduction, reduction)
            self.norm = nn.LayerNorm(width)

    def _split(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        known = x
        if self.reduction > 1:
            known = self.norm(as_tokens(self.sr(as_map(x, height, width))))
        keys, values = (self._split(part) for part in self.kv(known).chunk(2, 2))
        queries = self._split(self.q(x))
        weights = torch.softmax(queries @ keys.transpose(2, 3) / queries.shape[-1] ** 0.5, -1)
        return self.proj((weights @ values).transpose(1, 2).flatten(2))


class MixFfn(nn.Module):
    """Two linear layers with a 3x3 convolution a channel between them, which tells cells where they are."""

    def __init__(self, width: int):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.dwconv = nn.Module()
        self.dwconv.dwconv = nn.Conv2d(4 * width, 4 * width, 3, 1, 1, groups=4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        spread = self.dwconv.dwconv(as_map(self.fc1(x), height, width))
        return self.fc2(F.gelu(as_tokens(spread)))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, reduction: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads, reduction)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = MixFfn(width)

    def forward(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        x = x + self.attn(self.norm1(x), height, width)
        return x + self.mlp(self.norm2(x), height, width)


class MixTransformer(nn.Module):
    """RGB [B,3,H,W] -> four maps at strides 4, 8, 16, 32, WIDTHS wide."""

    def __init__(self):
        super().__init__()
        before = 3
        for at, width in enumerate(WIDTHS, start=1):
            setattr(self, f"patch_embed{at}", Patches(before, width, 7 if at == 1 else 3, 4 if at == 1 else 2))
            blocks = (Block(width, HEADS[at - 1], REDUCTIONS[at - 1]) for _ in range(DEPTHS[at - 1]))
            setattr(self, f"block{at}", nn.ModuleList(blocks))
            setattr(self, f"norm{at}", nn.LayerNorm(width, eps=1e-6))
            before = width

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        maps = []
        for at in range(1, 5):
            patches = getattr(self, f"patch_embed{at}")
            x = patches.proj(x)
            height, width = x.shape[-2:]
            tokens = patches.norm(as_tokens(x))
            for block in getattr(self, f"block{at}"):
                tokens = block(tokens, height, width)
            x = as_map(getattr(self, f"norm{at}")(tokens), height, width)
            maps.append(x)
        return maps


class Fusion(nn.Module):
    """Weighs a local and a global map against each other, cell by cell."""

    def __init__(self):
        super().__init__()

        def conv(cin: int, cout: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(cin, cout, 3, 1, 1), nn.BatchNorm2d(cout), nn.ReLU())

        self.conv1 = conv(2 * DECODER, DECODER)
        self.conv2 = conv(DECODER, DECODER // 2)
        self.conv3 = nn.Conv2d(DECODER // 2, 2, 3, 1, 1)

    def forward(self, here: torch.Tensor, wide: torch.Tensor) -> torch.Tensor:
        weights = torch.sigmoid(self.conv3(self.conv2(self.conv1(torch.cat([here, wide], 1)))))
        return here * weights[:, :1] + wide * weights[:, 1:]


class Decoder(nn.Module):
    """Four maps -> one at full size, 64 wide. The finest map joins as it is."""

    def __init__(self):
        super().__init__()
        self.bot_conv = nn.Conv2d(WIDTHS[3], DECODER, 1)
        self.skip_conv1 = nn.Conv2d(WIDTHS[2], DECODER, 1)
        self.skip_conv2 = nn.Conv2d(WIDTHS[1], DECODER, 1)
        self.fusion1, self.fusion2, self.fusion3 = Fusion(), Fusion(), Fusion()

    @staticmethod
    def _twice(x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        finest, fine, coarse, deepest = maps
        x = self.fusion1(self.skip_conv1(coarse), self._twice(self.bot_conv(deepest)))
        x = self.fusion2(self.skip_conv2(fine), self._twice(x))
        x = self.fusion3(finest, self._twice(x))
        return self._twice(self._twice(x))


class GlpDepth(nn.Module):
    """RGB 0..1 [1,3,H,W], sides multiples of 32 -> depth in metres [1,1,H,W], below `farthest`."""

    FILES = {"best_model.ckpt": ""}
    """The checkpoint is one file, of any name, that holds the whole network."""

    def __init__(self, farthest: float):
        super().__init__()
        self.farthest = farthest
        self.encoder = MixTransformer()
        self.decoder = Decoder()
        self.last_layer_depth = nn.Sequential(nn.Conv2d(DECODER, DECODER, 3, 1, 1), nn.ReLU(), nn.Conv2d(DECODER, 1, 3, 1, 1))

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.farthest * torch.sigmoid(self.last_layer_depth(self.decoder(self.encoder(picture))))
