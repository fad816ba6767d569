"""Runs the published code beside ours: `python -m tc_depth.reference PATH_OF_TC-DEPTH` prints the differences.

PATH is a checkout of github.com/DaoyiG/TC-Depth, kept outside this repository. Its modules are
imported and run as they are; only their surroundings are replaced: `.cuda()` does nothing, absent
packages that inference does not need are empty, and a narrow network comes about because its
convolutions are told smaller numbers of channels while they are made.
"""
from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
import tempfile
import types
from pathlib import Path
from unittest import mock

import numpy
import torch
import torch.nn as nn

from .checkpoint import FILES, load_checkpoint, save_checkpoint
from .decoder import depth_of
from .encoder import scaled
from .geometry import KITTI_CAMERA
from .network import TcDepth
from .random_weights import random_network, texture

SIZE = (192, 640)
"""The only size the published code can run at: it is written into its distance kernel."""

STAND_INS = ("cv2", "tqdm", "datasets", "options", "six", "six.moves", "utils", "networks.resnet_encoder")
"""What the published modules import and inference does not use."""


class Reference:
    """The published network with the weights of a folder in the official layout."""

    def __init__(self, path: Path, folder: Path, width: float):
        sys.path.insert(0, str(path))
        absent = [name for name in STAND_INS if name not in sys.modules]
        sys.modules.update({name: mock.MagicMock() for name in absent})
        networks = importlib.import_module("networks")
        self.evaluation: types.ModuleType = importlib.import_module("evaluate_tcdepth")
        for name in absent:
            del sys.modules[name]
        with narrow(networks.drn, width):
            self.encoder = networks.DRNEncoder(pretrained=False)
            self.decoder = networks.DepthDecoder()
            self.attention = networks.Spatial_Temp_Module(in_channels=512, out_channels=512, scale=8)
        with narrow(networks.drn, width, keep=2):
            self.coarse = networks.Ref_DepthDecoder()
        for module in self.attention.modules():
            for name in ("chanel_out", "key_channels", "query_channels", "value_channels"):
                if hasattr(module, name):
                    setattr(module, name, scaled(getattr(module, name), width))
        for module, file in zip((self.encoder, self.coarse, self.attention, self.decoder), FILES):
            found = torch.load(folder / file, weights_only=True)
            known = module.state_dict()
            classifier = {k: v for k, v in known.items() if k.startswith("encoder.fc.")}
            module.load_state_dict(classifier | {k: v for k, v in found.items() if k in known}, strict=True)
            module.eval()

    def sigmoids(self, frames: torch.Tensor, camera: tuple[float, ...] = KITTI_CAMERA) -> list[torch.Tensor]:
        """frames [3,3,192,640] RGB 0..1, target first -> four scales [3,1,H/2^s,W/2^s], as published.

        camera: fx/W, fy/H, cx/W, cy/H, put in the place of the published constant where it is made.
        """
        fx, fy, cx, cy = camera
        intrinsics = numpy.array([[fx, 0, cx, 0], [0, fy, cy, 0], [0, 0, 1, 0], [0, 0, 0, 1]], numpy.float32)
        stand_in = types.SimpleNamespace(array=lambda *_, **__: intrinsics.copy(), float32=numpy.float32, linalg=numpy.linalg)
        # NumPy 2 hands a tensor back from pinv(tensor), where the NumPy of 2021 gave an array.
        from_numpy = torch.from_numpy
        with torch.no_grad(), mock.patch.object(torch.Tensor, "cuda", lambda self: self), \
                mock.patch.object(nn.Module, "cuda", lambda self: self), \
                mock.patch.object(self.evaluation, "np", stand_in), \
                mock.patch.object(torch, "from_numpy", lambda a: a if torch.is_tensor(a) else from_numpy(a)):
            features = self.encoder(frames.unsqueeze(0))
            distance = self.evaluation.prepare_spatial_attn(self.coarse(features[-1]))
            fused, _, _ = self.attention(features[-1], distance)
            outputs = self.decoder([*features, fused])
        return [torch.cat([outputs["disp", f, s] for f in (0, -1, 1)]) for s in range(4)]


@contextlib.contextmanager
def narrow(drn: types.ModuleType, width: float, keep: int = 0):
    """Within it every convolution and norm is made narrower; `keep`: not the output of that one (256 bins)."""
    conv, norm, made = nn.Conv2d, nn.BatchNorm2d, []

    class NarrowConv(conv):
        def __init__(self, in_channels: int, out_channels: int, *rest, **named):
            made.append(self.__class__)
            whole = out_channels == 1 or len(made) == keep
            super().__init__(in_channels if in_channels == 3 else scaled(in_channels, width),
                             out_channels if whole else scaled(out_channels, width), *rest, **named)

    class NarrowNorm(norm):
        def __init__(self, channels: int):
            super().__init__(scaled(channels, width))

    with mock.patch.object(nn, "Conv2d", NarrowConv), mock.patch.object(nn, "BatchNorm2d", NarrowNorm), \
            mock.patch.object(drn, "BatchNorm", NarrowNorm):
        yield


def frames_of(size: tuple[int, int], shifts: tuple[int, ...]) -> torch.Tensor:
    """Test pictures as the network takes them: [F,3,H,W] in 0..1."""
    return torch.stack([texture(*size, s) for s in shifts]).permute(0, 3, 1, 2).float() / 255


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    """Largest |a - b| / |b|."""
    return float(((a - b).abs() / b.abs()).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reference", type=Path, help="checkout of the published code")
    parser.add_argument("--width", type=float, default=1.0, help="width of the network (default 1)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        save_checkpoint(random_network(options.width, options.seed), Path(folder), SIZE)
        ours: TcDepth = load_checkpoint(Path(folder)).network
        reference = Reference(options.reference, Path(folder), options.width)
        frames = frames_of(SIZE, (0, 7, -6))
        theirs = reference.sigmoids(frames)
        mine = ours.sigmoids(frames, torch.zeros(4))
    for i, name in enumerate(("t", "t-1", "t+1")):
        depth = depth_of(theirs[0][i])
        print(f"{name}: depth {float(depth.min()):.3f}..{float(depth.max()):.3f}, "
              f"largest relative difference {relative(depth_of(mine[0][i]), depth):.2e}")
    for scale in range(4):
        print(f"scale {scale}: {relative(depth_of(mine[scale]), depth_of(theirs[scale])):.2e}")


if __name__ == "__main__":
    main()
