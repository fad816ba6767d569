"""Random weights that behave like trained ones, so that a comparison can fail where it should.

Freshly initialised, TC-Depth compares badly: batch norms are identities, the coarse depth is the
same everywhere (the kernel then is flat) and the attention is uniform. Here norms get random
statistics around those of real activations, the coarse head answers depths of a few to some tens
of units, scores differ, and the final depth varies over the picture.
"""
from __future__ import annotations

import torch
import torch.nn as nn

from .encoder import BasicBlock
from .network import TcDepth

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def texture(height: int, width: int, shift: int) -> torch.Tensor:
    """An RGB picture [H,W,3] uint8 by integers alone, the same in every language; `shift` moves it, in pixels.

    Blocks of 12x8 pixels with hashed colours over a vertical ramp.
    """
    y = torch.arange(height, dtype=torch.int64).view(-1, 1, 1)
    x = torch.arange(width, dtype=torch.int64).view(1, -1, 1) + shift
    c = torch.arange(3, dtype=torch.int64).view(1, 1, -1)
    block = (x // 12) * 73 + (y // 8) * 151 + c * 199
    hashed = (block * block * 31 + block * 17) % 251
    return ((hashed * 3 + (y * 255 // height) + (x % 12) * 4) // 4 % 256).to(torch.uint8)


def _even_out(conv: nn.Conv1d | nn.Conv2d, _inputs: tuple, output: torch.Tensor) -> torch.Tensor:
    """Scales a convolution so that its answer deviates by 1 from a mean near 0: no layer saturates the next."""
    scale, mean = 1.0 / float(output.std()), output.mean(tuple(d for d in range(output.dim()) if d != 1))
    conv.weight.mul_(scale)
    shape = [-1 if d == 1 else 1 for d in range(output.dim())]
    offset = conv.bias.clone()
    conv.bias.sub_(mean).mul_(scale)
    conv.bias.add_(0.2 * offset)
    return (output - mean.view(shape)) * scale + 0.2 * offset.view(shape)


def random_network(width: float = 1.0, seed: int = 1, size: tuple[int, int] = (96, 320)) -> TcDepth:
    """A seeded network in eval mode whose norms hold random statistics near those of a picture of `size`."""
    generator = torch.Generator().manual_seed(seed)
    network = TcDepth(width).eval()

    def uniform(tensor: torch.Tensor, low: float, high: float) -> torch.Tensor:
        return tensor.copy_(low + (high - low) * torch.rand(tensor.shape, generator=generator))

    def measure(norm: nn.BatchNorm1d | nn.BatchNorm2d, inputs: tuple[torch.Tensor, ...]) -> None:
        """Before a norm runs: statistics of its input, each off by a random share."""
        values = inputs[0].transpose(0, 1).flatten(1)
        variance = values.var(1).clamp(min=0.05)
        norm.running_var.copy_(variance * uniform(torch.empty_like(variance), 0.6, 1.5))
        norm.running_mean.copy_(values.mean(1) + 0.3 * variance.sqrt() * uniform(torch.empty_like(variance), -1, 1))

    with torch.no_grad():
        hooks = []
        for module in network.modules():
            if isinstance(module, CONVOLUTIONS):
                fan_in = module.weight[0].numel()
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator) * (1.6 / fan_in) ** 0.5)
                # Inputs behind a ReLU are positive: without this every answer is one large constant and a
                # small variation, and a norm that takes the constant off magnifies rounding tenfold.
                if fan_in > 8:
                    module.weight.sub_(module.weight.flatten(1).mean(1).view(-1, *[1] * (module.weight.dim() - 1)))
                if module.bias is not None:
                    module.bias.copy_(torch.randn(module.bias.shape, generator=generator) * 0.1)
                    hooks.append(module.register_forward_hook(_even_out))
            elif isinstance(module, NORMS):
                uniform(module.weight, 0.6, 1.4)
                uniform(module.bias, -0.3, 0.3)
                hooks.append(module.register_forward_pre_hook(measure))
        for module in network.encoder.modules():
            if isinstance(module, BasicBlock) and module.residual:
                module.bn2.weight.mul_(0.4)
        for block in network.blocks:
            uniform(block.spatial.gamma, 0.4, 1.1)
            # Mild steps: a random network that follows its outliers magnifies rounding a hundredfold.
            block.spatial.join.norm.weight.mul_(0.5)
            block.temporal.key.norm.weight.mul_(0.45)
            block.temporal.key.norm.bias.mul_(0.45)
        # A bin counts less than the one before it, so that coarse depths lie at a few units, as trained ones do.
        hooks.append(network.coarse.logits.register_forward_hook(
            lambda _m, _i, y: y - 0.15 * torch.arange(y.shape[1]).view(1, -1, 1, 1)))
        frames = torch.stack([texture(*size, 5 * i) for i in range(3)]).permute(0, 3, 1, 2).float() / 255
        network.sigmoids(frames, torch.zeros(4))
        for hook in hooks:
            hook.remove()
        logits = network.coarse.logits.conv
        logits.bias.sub_(0.15 * torch.arange(logits.bias.numel()))
        for block in network.blocks:
            for parameter in block.temporal.fuse.parameters():
                parameter.mul_(0.4)
        for head in network.decoder.head:
            head.conv.weight.mul_(0.5)
            head.conv.bias.mul_(0.5).sub_(3.0)
    return network
