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


def glpdepth(_: Path, network: nn.Module, size: tuple[int, int], picture: Callable) -> torch.Tensor:
    """PyPI's transformers: GLPN, with the names that its conversion gives the tensors."""
    from transformers import GLPNConfig, GLPNForDepthEstimation

    config = GLPNConfig(hidden_sizes=[64, 128, 320, 512], decoder_hidden_size=64, depths=[3, 8, 27, 3],
                        max_depth=int(network.farthest))
    theirs = GLPNForDepthEstimation(config)
    tensors = {}
    for name, tensor in network.state_dict().items():
        tensors.update(_glpn_names(name, tensor))
    theirs.load_state_dict(tensors, strict=True)
    theirs.eval()
    # Its norms have torch's default epsilon where the authors have 1e-6: that is most of the difference.
    pixels = picture(*size).permute(2, 0, 1)[None].float() / 255
    return theirs(pixels).predicted_depth[:, None]


def _glpn_names(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    """A tensor of the authors' layout under transformers' name; keys and values are two there."""
    parts = name.split(".")
    if parts[0] == "last_layer_depth":
        return {"head.head." + ".".join(parts[1:]): tensor}
    if parts[0] == "decoder":
        plain = {"bot_conv": "stages.0.convolution", "skip_conv1": "stages.1.convolution", "skip_conv2": "stages.2.convolution"}
        if parts[1] in plain:
            return {f"decoder.{plain[parts[1]]}.{parts[2]}": tensor}
        return {f"decoder.stages.{parts[1][-1]}.fusion.convolutional_layer{parts[2][-1]}." + ".".join(parts[3:]): tensor}
    at = int(parts[1][-1]) - 1
    if parts[1].startswith("patch_embed"):
        return {f"glpn.encoder.patch_embeddings.{at}.{'proj' if parts[2] == 'proj' else 'layer_norm'}.{parts[3]}": tensor}
    if parts[1].startswith("norm"):
        return {f"glpn.encoder.layer_norm.{at}.{parts[2]}": tensor}
    block, inner = f"glpn.encoder.block.{at}.{parts[2]}.", ".".join(parts[3:-1])
    if inner == "attn.kv":
        half = tensor.shape[0] // 2
        return {f"{block}attention.self.key.{parts[-1]}": tensor[:half], f"{block}attention.self.value.{parts[-1]}": tensor[half:]}
    plain = {"norm1": "layer_norm_1", "norm2": "layer_norm_2", "attn.q": "attention.self.query", "attn.sr": "attention.self.sr",
             "attn.norm": "attention.self.layer_norm", "attn.proj": "attention.output.dense", "mlp.fc1": "mlp.dense1",
             "mlp.fc2": "mlp.dense2", "mlp.dwconv.dwconv": "mlp.dwconv.dwconv"}
    return {f"{block}{plain[inner]}.{parts[-1]}": tensor}


REFERENCES: dict[str, Callable[[Path, nn.Module, tuple[int, int], Callable], torch.Tensor]] = {
    "diffnet-640x192": diffnet,
    "glp-depth-kitti": glpdepth,
    "manydepth-640x192": manydepth,
    "monodepth2-640x192": monodepth2,
}
