"""The authors' code, run on weights of ours: each function answers what theirs does for the test picture.

Nothing of theirs lies here: REFERENCE is a checkout outside this repository.
"""
from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn as nn


def official(network: nn.Module) -> dict[str, dict[str, torch.Tensor]]:
    """The network's tensors by official file and name."""
    files = {}
    for file, part in network.FILES.items():
        state = getattr(network, part).state_dict() if part else network.state_dict()
        prefix = getattr(network, "PREFIXES", {}).get(file, "")
        files[file] = {prefix + name: tensor for name, tensor in state.items()}
    return files


def _load(module: nn.Module, tensors: dict[str, torch.Tensor]) -> nn.Module:
    """As the authors' test scripts do: what the module does not know is left out, nothing it needs may lack."""
    wanted = module.state_dict()
    missing, _ = module.load_state_dict({k: v for k, v in tensors.items() if k in wanted}, strict=False)
    needed = [name for name in missing if ".fc." not in name]
    assert not needed, f"the published code misses {needed[:3]}"
    return module.eval()


def monodepth2(folder: Path, network: nn.Module, size: tuple[int, int], picture: Callable) -> torch.Tensor:
    sys.path.insert(0, str(folder))
    networks = importlib.import_module("networks")
    files = official(network)
    encoder = _load(networks.ResnetEncoder(18, False), files["encoder.pth"])
    decoder = _load(networks.DepthDecoder(encoder.num_ch_enc, range(4)), files["depth.pth"])
    pixels = picture(*size).permute(2, 0, 1)[None].float() / 255
    return decoder(encoder(pixels))[("disp", 0)]


def diffnet(folder: Path, network: nn.Module, size: tuple[int, int], picture: Callable) -> torch.Tensor:
    # Its imports name a function that torchvision dropped, and a plotter that it does not use here.
    torchvision = importlib.import_module("torchvision.models")
    sys.modules["torchvision.models.utils"] = types.SimpleNamespace(load_state_dict_from_url=None)
    sys.modules.setdefault("matplotlib", types.ModuleType("matplotlib"))
    sys.modules.setdefault("matplotlib.pyplot", types.ModuleType("pyplot"))
    sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"]
    assert torchvision
    sys.path.insert(0, str(folder))
    networks = importlib.import_module("networks")
    files = official(network)
    encoder = _load(networks.test_hr_encoder.hrnet18(False), files["encoder.pth"])
    encoder.num_ch_enc = [64, 18, 36, 72, 144]
    decoder = networks.HRDepthDecoder(encoder.num_ch_enc, range(4))
    tensors = dict(files["depth.pth"])
    # Theirs registers every layer twice; the second name counts from 0 in the order they were made.
    for at, name in enumerate(decoder.convs):
        tensors.update({f"decoder.{at}." + k.removeprefix(f"convs.{name}."): v for k, v in files["depth.pth"].items()
                        if k.startswith(f"convs.{name}.")})
    _load(decoder, tensors)
    pixels = picture(*size).permute(2, 0, 1)[None].float() / 255
    return decoder(encoder(pixels))[("disp", 0)]


def manydepth(folder: Path, network: nn.Module, size: tuple[int, int], picture: Callable) -> torch.Tensor:
    sys.path.insert(0, str(folder))
    networks = importlib.import_module("manydepth.networks")
    layers = importlib.import_module("manydepth.layers")
    height, width = size
    files = official(network)
    bins = {"min_depth_bin": network.low, "max_depth_bin": network.high}
    encoder = networks.ResnetEncoderMatching(18, False, input_height=height, input_width=width, adaptive_bins=True,
                                             depth_binning="linear", num_depth_bins=96, **bins)
    tensors = {k: v for k, v in encoder.state_dict().items() if "projector" in k}
    _load(encoder, {**tensors, **files["encoder.pth"]})
    decoder = _load(networks.DepthDecoder(encoder.num_ch_enc, range(4)), files["depth.pth"])
    pose_encoder = _load(networks.ResnetEncoder(18, False, num_input_images=2), files["pose_encoder.pth"])
    pose_decoder = _load(networks.PoseDecoder(pose_encoder.num_ch_enc, 1, 2), files["pose.pth"])
    here, before = (picture(*size, shift).permute(2, 0, 1)[None].float() / 255 for shift in (0, 5))
    camera = torch.tensor([[0.58 * width / 4, 0, 0.5 * width / 4, 0], [0, 1.92 * height / 4, 0.5 * height / 4, 0],
                           [0, 0, 1, 0], [0, 0, 0, 1]])[None]
    axis, translation = pose_decoder([pose_encoder(torch.cat([before, here], 1))])
    move = layers.transformation_from_parameters(axis[:, 0], translation[:, 0], invert=True)
    maps, _, confidence = encoder(here, before[:, None], move[:, None], camera, torch.linalg.inv(camera), **bins)
    print(f"motion {translation[0, 0].tolist()}, {float(confidence.mean()):.2f} of all cells matched", file=sys.stderr)
    return decoder(maps)[("disp", 0)]


REFERENCES: dict[str, Callable[[Path, nn.Module, tuple[int, int], Callable], torch.Tensor]] = {
    "diffnet-640x192": diffnet,
    "manydepth-640x192": manydepth,
    "monodepth2-640x192": monodepth2,
}
