"""Fills TC-Depth Lite from TCMonoDepth-small's published checkpoint (Li et al., ICCVW 2021, MIT).

Batch norms are folded, shuffles become permutation matrices, padded channels start unread;
the filled network reproduces TCMonoDepth-small's inverse depth (times Decoder.UNIT).
"""
from __future__ import annotations

from pathlib import Path

import torch
import torch.nn as nn

from encoder import CHANNELS, ConvNorm, Decoder, Down, Unit
from network import TcDepthLite


def load_tcmonodepth(net: TcDepthLite, path: Path) -> None:
    """Copies encoder, skips and both decoders; what TCMonoDepth lacks keeps its own start."""
    source = torch.load(path, map_location="cpu", weights_only=True)
    used: set[str] = set()

    def folded(conv: str, norm: str) -> tuple[torch.Tensor, torch.Tensor]:
        used.update([f"{conv}.weight", *(f"{norm}.{n}" for n in ("weight", "bias", "running_mean", "running_var"))])
        scale = source[f"{norm}.weight"] / torch.sqrt(source[f"{norm}.running_var"] + 1e-5)
        return (source[f"{conv}.weight"] * scale[:, None, None, None],
                source[f"{norm}.bias"] - source[f"{norm}.running_mean"] * scale)

    def put(unit: ConvNorm, weight: torch.Tensor, bias: torch.Tensor, columns: torch.Tensor | None = None) -> None:
        """Writes the first rows and the given input columns; those rows read nothing else."""
        conv, rows = unit.conv, weight.shape[0]
        columns = torch.arange(weight.shape[1]) if columns is None else columns
        conv.weight.data[:rows] = 0.0
        conv.weight.data[:rows, columns] = weight
        conv.bias.data[:rows] = bias

    def unit(u: Unit, base: str, where: torch.Tensor) -> None:
        half = len(where) // 2
        put(u.carry, torch.eye(half)[:, :, None, None], torch.zeros(half), where[0::2])
        put(u.expand, *folded(f"{base}branch_main.0", f"{base}branch_main.1"), where[1::2])
        put(u.depthwise, *folded(f"{base}branch_main.3", f"{base}branch_main.4"))
        put(u.project, *folded(f"{base}branch_main.5", f"{base}branch_main.6"))

    def down(d: Down, base: str, where: torch.Tensor) -> None:
        carry, bias = folded(f"{base}branch_proj.0", f"{base}branch_proj.1")
        d.carry_depthwise.conv.weight.data[where], d.carry_depthwise.conv.bias.data[where] = carry, bias
        put(d.carry, *folded(f"{base}branch_proj.2", f"{base}branch_proj.3"), where)
        put(d.expand, *folded(f"{base}branch_main.0", f"{base}branch_main.1"), where)
        put(d.depthwise, *folded(f"{base}branch_main.3", f"{base}branch_main.4"))
        put(d.project, *folded(f"{base}branch_main.5", f"{base}branch_main.6"))

    def head(h: Decoder) -> None:
        for block, level in zip(h.up, (3, 2, 1)):
            base = f"decoder.decoder{level}.last_conv"
            deep, bias_deep = folded(f"{base}.0.conv.0", f"{base}.0.conv.1")
            weight, bias = folded(f"{base}.0.conv.3", f"{base}.1")
            n = {3: 192, 2: 96, 1: 48}[level]
            put(block.coarse_depthwise, deep[:n], bias_deep[:n])
            put(block.skip_depthwise, deep[n:], bias_deep[n:])
            put(block.coarse, weight[:, :n], bias)
            put(block.skip, weight[:, n:], torch.zeros(weight.shape[0]))
        nn.init.zeros_(h.final.weight)
        nn.init.zeros_(h.final.bias)
        used.update(("decoder.final.weight", "decoder.final.bias"))
        h.final.weight.data[:1, :24] = source["decoder.final.weight"]
        h.final.bias.data[:1] = source["decoder.final.bias"]

    put(net.encoder.stem, *folded("encoder.first_conv.0", "encoder.first_conv.1"))
    index, where = 0, [torch.arange(24)]
    for stage, width, original in zip(net.encoder.stages, CHANNELS[1:], (48, 96, 192)):
        channels = torch.arange(original)
        shifted = torch.where(channels < original // 2, channels, channels + (width - original) // 2)
        for block in stage:
            (down if isinstance(block, Down) else unit)(block, f"encoder.features.{index}.",
                                                        where[-1] if isinstance(block, Down) else shifted)
            index += 1
        where.append(shifted)
    for level, reduce in enumerate(net.skips.reduce, 1):
        put(reduce, *folded(f"decoder.decoder{level}.skip_conv.0", f"decoder.decoder{level}.skip_conv.1"),
            where[level - 1])
    head(net.single_head)
    net.window_head.load_state_dict(net.single_head.state_dict())
    left = {k for k in source if k.startswith(("encoder.first_conv", "encoder.features", "decoder"))
            and not k.endswith("num_batches_tracked")} - used
    left = {k for k in left if not k.startswith(("decoder.final2", "decoder.final3"))}
    if left:
        raise ValueError(f"{path} is not the checkpoint this loader knows: {sorted(left)[:4]} left over")
