"""The three ONNX graphs as modules: exact input and output names of the TypeScript contract.

Frame outputs f0..f5: skips at 1/2 [1,16,H/2,W/2], 1/4 [1,32,..], 1/8 [1,48,..], mixed features
at 1/16 [1,192,H/16,W/16], key [1,64,N] and value [1,96,N] with N = H*W/256.
"""
from __future__ import annotations

import numpy as np
import onnx
import torch
import torch.nn as nn
from onnx import numpy_helper

from network import TcDepthLite, to_metres

FRAME_OUTPUTS = ["f0", "f1", "f2", "f3", "f4", "f5"]
WINDOW_INPUTS = ["target.f0", "target.f1", "target.f2", "target.f3", "target.f4",
                 "context0.f4", "context0.f5", "context1.f4", "context1.f5", "camera"]
SINGLE_INPUTS = ["target.f0", "target.f1", "target.f2", "target.f3", "camera"]


class FrameGraph(nn.Module):
    """frame uint8 [H,W,3] RGB, camera float [4] -> f0..f5, by a `prepared` network.

    The division by 255 sits in the stem, which reads the rows as they come, colours interleaved.
    """

    def __init__(self, net: TcDepthLite):
        super().__init__()
        self.net = net

    def forward(self, frame: torch.Tensor, camera: torch.Tensor) -> tuple[torch.Tensor, ...]:
        f = self.net.frame(frame.float().flatten(1)[None, None], camera.unsqueeze(0))
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


def interleaved(conv: nn.Conv2d) -> nn.Conv2d:
    """A 3x3 convolution of stride 2 over [1,3,H,W] as one over the rows of [H,W,3]: [1,1,H,3W], H and W even.

    The same products in another order, and no transpose of the picture before it.
    """
    rows = nn.Conv2d(1, conv.out_channels, (3, 9), (2, 6), (1, 3))
    rows.weight.data = conv.weight.data.permute(0, 2, 3, 1).reshape(conv.out_channels, 1, 3, 9).contiguous()
    rows.bias.data = conv.bias.data
    return rows


def prepared(net: TcDepthLite) -> TcDepthLite:
    """Eval mode, norms folded, the stem scaled so that it reads 0..255 in rows of interleaved colours. Changes `net`."""
    net.eval().fold()
    net.encoder.stem.conv.weight.data.div_(255.0)
    net.encoder.stem.conv = interleaved(net.encoder.stem.conv)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net


def fold_residuals(model: onnx.ModelProto) -> int:
    """Makes x + Conv1x1(Concat(.., x, ..)) one convolution, the identity added to its weights; how many there were.

    Both attentions end so. Besides the addition it saves what ORT does around it: x comes as NCHW, so that the sum and
    all up to the next convolution (a resize, in the window graph) would stay out of the blocked layout.
    """
    graph = model.graph
    makers = {out: node for node in graph.node for out in node.output}
    users = [name for node in graph.node for name in node.input] + [value.name for value in graph.output]
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    folded = 0
    for add in [node for node in graph.node if node.op_type == "Add"]:
        for x, name in (add.input, reversed(add.input)):
            conv = makers.get(name)
            joined = makers.get(conv.input[0]) if conv is not None and conv.op_type == "Conv" else None
            if joined is None or joined.op_type != "Concat" or x not in joined.input or users.count(name) != 1:
                continue
            weight = numpy_helper.to_array(tensors[conv.input[1]]).copy()
            if weight.shape[2:] != (1, 1) or users.count(conv.input[1]) != 1:
                continue
            # Its place is known from either end: x has as many channels as the sum.
            at, rest = list(joined.input).index(x), weight.shape[1] - weight.shape[0]
            if len(joined.input) != 2 or rest <= 0:
                continue
            start = 0 if at == 0 else rest
            channels = np.arange(weight.shape[0])
            weight[channels, start + channels, 0, 0] += 1
            tensors[conv.input[1]].CopyFrom(numpy_helper.from_array(weight, conv.input[1]))
            conv.output[0] = add.output[0]
            graph.node.remove(add)
            folded += 1
            break
    return folded
