"""The attention blocks as one linear map of few things, exact up to rounding.

In inference a block holds two non-linearities: the distance kernel K [N,N], which is known once
the coarse depth is, and the softmax of the temporal attention. Everything between is linear. So
each frame's state is a sum of terms "matrix times source times a power of K", where the sources
are the frame's own feature x (512 channels) and the contexts c0, c1, c2 that the three temporal
attentions gathered (64 channels each):

    z = A x K + B x + d          spatial attention (K's columns sum to one, so constants pass it)
    x' = (I + F1) z + F2 Wo c + g    temporal attention, c the sum of the two contexts

Every term in x belongs to one frame alone and is computed once per frame; what is left for each
window has 64 channels in place of 512. `fold` multiplies the matrices in float64.
"""
from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn as nn

from .attention import PointwiseNorm, SpatialAttention, TemporalAttention
from .network import BLOCKS, TcDepth

Matrix = torch.Tensor


@dataclass
class Terms:
    """constant + sum over sources s and powers k of powers[s][k] @ s K^k. Sources: "x", "c0", "c1", "c2"."""

    constant: torch.Tensor
    powers: dict[str, list[Matrix]] = field(default_factory=dict)

    def apply(self, matrix: Matrix, bias: torch.Tensor) -> Terms:
        """matrix @ these + bias."""
        return Terms(matrix @ self.constant + bias, {s: [matrix @ m for m in ms] for s, ms in self.powers.items()})

    def spread(self, near: Matrix, own: Matrix, bias: torch.Tensor) -> Terms:
        """near @ these K + own @ these + bias: each source gains one power."""
        powers = {}
        for source, matrices in self.powers.items():
            zero = torch.zeros_like(matrices[0])
            powers[source] = [own @ a + near @ b for a, b in zip([*matrices, zero], [zero, *matrices])]
        return Terms((near + own) @ self.constant + bias, powers)


@dataclass
class Folded:
    """keys[b]: key over value of block b (128 rows at width 1); fused: the decoder's input (512 rows).

    Keys carry c^(-1/4), so that key^T key is the scaled score. keys[b] reads x and c0 .. c(b-1).
    """

    keys: list[Terms]
    fused: Terms


def fold(network: TcDepth) -> Folded:
    """Folds the three blocks of a network in eval mode; its own tensors stay as they are."""
    channels = network.blocks[0].spatial.value.in_channels
    state = Terms(torch.zeros(channels, dtype=torch.float64), {"x": [torch.eye(channels, dtype=torch.float64)]})
    keys = []
    for b in range(BLOCKS):
        state = state.spread(*spatial_map(network.blocks[b].spatial))
        temporal = network.blocks[b].temporal
        keys.append(state.apply(*key_value_map(temporal)))
        keep, context, bias = temporal_map(temporal)
        state = state.apply(keep, bias)
        state.powers[f"c{b}"] = [context]
    return Folded(keys, state)


def affine(conv: nn.Conv1d) -> tuple[Matrix, torch.Tensor]:
    """A 1x1 convolution as matrix and bias, float64."""
    return conv.weight.detach().double().squeeze(-1), conv.bias.detach().double()


def normed(layer: PointwiseNorm) -> tuple[Matrix, torch.Tensor]:
    """A 1x1 convolution and the norm behind it as matrix and bias, float64."""
    weight, bias = affine(layer.conv)
    norm = layer.norm
    scale = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
    return scale[:, None] * weight, scale * (bias - norm.running_mean.double()) + norm.bias.detach().double()


def spatial_map(layer: SpatialAttention) -> tuple[Matrix, Matrix, torch.Tensor]:
    """(near, own, bias) with layer(x, K) = near @ x K + own @ x + bias."""
    value, value_bias = affine(layer.value)
    gathered, gathered_bias = normed(layer.gathered)
    own, own_bias = normed(layer.own)
    join, join_bias = normed(layer.join)
    gamma = layer.gamma.detach().double()
    first, second = join.split(value.shape[0], 1)
    bias = first @ (gathered @ value_bias + gathered_bias) + second @ own_bias + join_bias
    identity = torch.eye(value.shape[0], dtype=torch.float64)
    return gamma * first @ gathered @ value, identity + gamma * second @ own, gamma * bias


def key_value_map(layer: TemporalAttention) -> tuple[Matrix, torch.Tensor]:
    """(matrix, bias) with [key * c^(-1/4); value] = matrix @ z + bias, c the number of key channels."""
    key, key_bias = normed(layer.key)
    value, value_bias = affine(layer.value)
    scale = key.shape[0] ** -0.25
    return torch.cat([scale * key, value]), torch.cat([scale * key_bias, value_bias])


def temporal_map(layer: TemporalAttention) -> tuple[Matrix, Matrix, torch.Tensor]:
    """(keep, context, bias) with the layer's answer = keep @ z + context @ (sum of both contexts) + bias."""
    out, out_bias = affine(layer.out)
    fuse, fuse_bias = affine(layer.fuse)
    own, other = fuse.split(out.shape[0], 1)
    identity = torch.eye(out.shape[0], dtype=torch.float64)
    return identity + own, other @ out, 2 * other @ out_bias + fuse_bias
