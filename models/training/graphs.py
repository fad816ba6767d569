"""The three ONNX graphs as modules: exact input and output names of the TypeScript contract.

Frame outputs f0..f5: skips at 1/2 [1,16,H/2,W/2], 1/4 [1,32,..], 1/8 [1,48,..], mixed features
at 1/16 [1,192,H/16,W/16], key [1,64,N] and value [1,96,N] with N = H*W/256.
"""
from __future__ import annotations

import torch
import torch.nn as nn

from network import TcDepthLite, to_metres

FRAME_OUTPUTS = ["f0", "f1", "f2", "f3", "f4", "f5"]
WINDOW_INPUTS = ["target.f0", "target.f1", "target.f2", "target.f3", "target.f4",
                 "context0.f4", "context0.f5", "context1.f4", "context1.f5", "camera"]
SINGLE_INPUTS = ["target.f0", "target.f1", "target.f2", "target.f3", "camera"]


class FrameGraph(nn.Module):
    """frame uint8 [H,W,3] RGB, camera float [4] -> f0..f5. The division by 255 sits in the stem."""

    def __init__(self, net: TcDepthLite):
        super().__init__()
        self.net = net

    def forward(self, frame: torch.Tensor, camera: torch.Tensor) -> tuple[torch.Tensor, ...]:
        rgb = frame.float().permute(2, 0, 1).unsqueeze(0)
        f = self.net.frame(rgb, camera.unsqueeze(0))
        return f["s2"], f["s4"], f["s8"], f["x"], f["key"], f["value"]


class WindowGraph(nn.Module):
    """Features of the target and two other frames, in any order -> depth [1,1,H,W] in metres."""

    def __init__(self, net: TcDepthLite):
        super().__init__()
        self.net = net

    def forward(self, s2, s4, s8, x, query, key0, value0, key1, value1, camera):
        target = {"s2": s2, "s4": s4, "s8": s8, "x": x, "key": query}
        contexts = [{"key": key0, "value": value0}, {"key": key1, "value": value1}]
        return to_metres(self.net.window(target, contexts), camera.unsqueeze(0))


class SingleGraph(nn.Module):
    """Features of one frame -> depth [1,1,H,W] in metres; the built-in fallback."""

    def __init__(self, net: TcDepthLite):
        super().__init__()
        self.net = net

    def forward(self, s2, s4, s8, x, camera):
        return to_metres(self.net.single({"s2": s2, "s4": s4, "s8": s8, "x": x}), camera.unsqueeze(0))


def prepared(net: TcDepthLite) -> TcDepthLite:
    """Eval mode, norms folded, the stem scaled so that it reads 0..255. Changes `net`."""
    net.eval().fold()
    net.encoder.stem.conv.weight.data.div_(255.0)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net
