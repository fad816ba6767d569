"""The authors' code, run on weights of ours: each function answers what theirs does for the test picture.

Nothing of theirs lies here: REFERENCE is a checkout outside this repository.
"""
from __future__ import annotations

import importlib
import sys
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


REFERENCES: dict[str, Callable[[Path, nn.Module, tuple[int, int], Callable], torch.Tensor]] = {
    "monodepth2-640x192": monodepth2,
}
