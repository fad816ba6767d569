"""The official checkpoint: four files, checked tensor by tensor, read into our network and written from it.

| file | holds |
|---|---|
| encoder.pth | DRN-C-26 under `encoder.`; the same tensors again under `conv.` and `degrid.`; the classifier `fc`; height, width |
| ref_depth.pth | the coarse depth head and its bins |
| spa_temp.pth | three attention blocks under `module.N.`; the query again beside the key |
| depth.pth | the decoder, a list in the order of making |
"""
from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import torch

from .encoder import CHANNELS
from .network import BLOCKS, TcDepth


class CheckpointError(Exception):
    """The checkpoint cannot be used: the message says what was found, `advice` what to do."""

    def __init__(self, message: str, advice: str):
        super().__init__(message)
        self.advice = advice


# Ours -> theirs, longest prefix first. What stands in no row keeps its name behind the prefix.
ENCODER = (("encoder.", "encoder."),)
COARSE = (("coarse.hidden.conv.", "conv.conv.conv."), ("coarse.logits.conv.", "ddv.conv."), ("coarse.bins", "ref_disp"))
BLOCK = (("spatial.value.", "spatial_attn.value_conv."), ("spatial.gathered.conv.", "spatial_attn.ca_conv.0."),
         ("spatial.gathered.norm.", "spatial_attn.ca_conv.1."), ("spatial.own.conv.", "spatial_attn.context_conv.0."),
         ("spatial.own.norm.", "spatial_attn.context_conv.1."), ("spatial.join.conv.", "spatial_attn.conv1.0."),
         ("spatial.join.norm.", "spatial_attn.conv1.1."), ("spatial.gamma", "spatial_attn.gamma"),
         ("spatial.sigma", "spatial_attn.sigma_3d"), ("temporal.key.conv.", "temp_attn.f_key.0."),
         ("temporal.key.norm.", "temp_attn.f_key.1."), ("temporal.value.", "temp_attn.f_value."),
         ("temporal.out.", "temp_attn.f_out."), ("temporal.fuse.", "temp_attn.fuse_layer."))
ATTENTION = tuple((f"blocks.{i}.{ours}", f"module.{i}.{theirs}") for i in range(BLOCKS) for ours, theirs in BLOCK)
# The decoder's list: from scale 3 down, `before` and `after` in turn, then the heads.
DECODER = tuple((f"decoder.{part}.{3 - n}.conv.", f"decoder.{2 * n + at}.conv.conv.")
                for n in range(4) for at, part in enumerate(("before", "after"))
                ) + tuple((f"decoder.head.{3 - n}.conv.", f"decoder.{8 + n}.conv.") for n in range(4))
FILES = {"encoder.pth": ENCODER, "ref_depth.pth": COARSE, "spa_temp.pth": ATTENTION, "depth.pth": DECODER}

# Tensors that the official files hold twice: alias -> the name that is read. They must agree.
ALIASES = {"encoder.pth": (("conv.0.", "encoder.conv1."), ("conv.1.", "encoder.bn1."), ("degrid.0.", "encoder.layer5."),
                           ("degrid.1.", "encoder.layer6."), ("degrid.2.", "encoder.layer7.")),
           "spa_temp.pth": tuple((f"module.{i}.temp_attn.f_query.", f"module.{i}.temp_attn.f_key.") for i in range(BLOCKS))}
UNUSED = {"encoder.pth": ("encoder.fc.", "height", "width", "use_stereo")}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read and checked: the network in eval mode, and the size (H, W) it was trained at."""

    network: TcDepth
    size: tuple[int, int]


def translate(name: str, table: tuple[tuple[str, str], ...]) -> str | None:
    """The official name of one of our tensors within a file, None where the file does not hold it."""
    for ours, theirs in table:
        if name.startswith(ours):
            return theirs + name[len(ours):]
    return None


def official_tensors(network: TcDepth, file: str) -> dict[str, torch.Tensor]:
    """What `file` of the official layout holds for this network, 1x1 convolutions in their 2-D shape."""
    out = {}
    for name, tensor in network.state_dict().items():
        theirs = translate(name, FILES[file])
        if theirs is not None:
            out[theirs] = tensor.unsqueeze(-1) if file == "spa_temp.pth" and tensor.dim() == 3 else tensor
    return out


def save_checkpoint(network: TcDepth, folder: Path, size: tuple[int, int]) -> None:
    """Writes the four files as the published code does, aliases and size included."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        tensors: dict[str, object] = dict(official_tensors(network, file))
        for alias, name in ALIASES.get(file, ()):
            tensors.update({alias + k[len(name):]: v for k, v in list(tensors.items()) if k.startswith(name)})
        if file == "encoder.pth":
            tensors.update(height=size[0], width=size[1], use_stereo=False)
        torch.save(tensors, folder / file)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Reads the four official files. Raises CheckpointError naming the file and the tensor that do not fit."""
    files = {file: _read(folder, file) for file in FILES}
    network = TcDepth(_width(files["encoder.pth"]))
    state = {}
    for file, found in files.items():
        wanted = official_tensors(network, file)
        _check(file, found, wanted)
        for ours, tensor in network.state_dict().items():
            theirs = translate(ours, FILES[file])
            if theirs is not None:
                state[ours] = found.get(theirs, tensor).reshape(tensor.shape)
    network.load_state_dict(state)
    sigmas = [float(block.spatial.sigma) for block in network.blocks]
    if len(set(sigmas)) > 1 or sigmas[0] <= 0:
        raise CheckpointError(f"spa_temp.pth: sigma_3d differs between the blocks or is not positive ({sigmas})",
                              "the released network shares one fixed sigma; this is another network")
    encoder = files["encoder.pth"]
    return Checkpoint(network.eval(), (int(encoder.get("height", 192)), int(encoder.get("width", 640))))


def _read(folder: Path, file: str) -> dict:
    path = folder / file
    if not path.is_file():
        missing = [f for f in FILES if not (folder / f).is_file()]
        raise CheckpointError(f"{folder} lacks {', '.join(missing)}",
                              f"point at the unpacked folder that holds {', '.join(FILES)}")
    try:
        # weights_only: a downloaded pickle must not be able to run code.
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise CheckpointError(f"{file} is not a file of PyTorch tensors", "download it again; it may be cut off") from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{file} holds a {type(found).__name__}, not a table of tensors", "is it the released file?")
    # nn.DataParallel saves every name behind "module."; undone only where the attention's own "module.N." is not meant.
    if found and all(k.startswith("module.") and not k.split(".")[1].isdigit() for k in found):
        found = {k[len("module."):]: v for k, v in found.items()}
    return found


def _width(encoder: dict) -> float:
    last = encoder.get("encoder.layer8.0.conv2.weight")
    if last is None:
        raise CheckpointError("encoder.pth has no encoder.layer8.0.conv2.weight: it is not the DRN-C-26 encoder of TC-Depth",
                              "the DRN-D-54 variant is not supported, nor is any ResNet encoder")
    return last.shape[0] / CHANNELS[-1]


def _check(file: str, found: dict, wanted: dict[str, torch.Tensor]) -> None:
    missing = [k for k in wanted if k not in found and not k.endswith("num_batches_tracked")]
    if missing:
        raise CheckpointError(f"{file} lacks {len(missing)} tensors, first {missing[0]}", "is it the released TC-Depth file?")
    aliases = ALIASES.get(file, ())
    for name, value in found.items():
        if name in wanted:
            if value.numel() != wanted[name].numel() or value.shape[:2] != wanted[name].shape[:2]:
                raise CheckpointError(f"{file}: {name} has shape {tuple(value.shape)}, not {tuple(wanted[name].shape)}",
                                      "is it the released TC-Depth file?")
            if value.is_floating_point() and not torch.isfinite(value).all():
                raise CheckpointError(f"{file}: {name} holds numbers that are not finite", "download it again")
            continue
        original = next((to + name[len(alias):] for alias, to in aliases if name.startswith(alias)), None)
        if original is not None:
            if original not in found or not torch.equal(found[original], value):
                raise CheckpointError(f"{file}: {name} and {original} should be one tensor but differ", "download it again")
        elif not name.startswith(UNUSED.get(file, ())):
            raise CheckpointError(f"{file} holds {name}, which TC-Depth does not have", "is it the released TC-Depth file?")
