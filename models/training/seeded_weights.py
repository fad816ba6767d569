"""Weights that Python and Node make alike from a seed, so that a network of the full size can be compared without them.

A tensor is described by five numbers: mean, standard deviation, least, largest, seed. Its values are
sums of four uniform numbers of the generator mulberry32, in float64, rounded to float32: the same bits
as `bench/filled-skeleton.ts` makes. `fill_state` gives every tensor of a PyTorch network such values by
its name; `skeleton.strip` takes them out of the exported graph again and leaves the description.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

STEP = 0x6D2B79F5
ROOT_3 = np.sqrt(np.float64(3))


@dataclass(frozen=True)
class Description:
    """How a tensor is filled; `text` is what stands in an ONNX file."""
    mean: float
    deviation: float
    least: float
    largest: float
    seed: int

    @property
    def text(self) -> str:
        return f"{self.mean:.6g} {self.deviation:.6g} {self.least:.6g} {self.largest:.6g} {self.seed}"


def _uniform(states: np.ndarray) -> np.ndarray:
    """mulberry32's answer for each state, in [0, 1)."""
    with np.errstate(over="ignore"):
        s = states.astype(np.uint32)
        mixed = (s ^ (s >> np.uint32(15))) * (s | np.uint32(1))
        mixed = mixed ^ (mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61)))
        return (mixed ^ (mixed >> np.uint32(14))).astype(np.float64) / 2 ** 32


def numbers(description: Description, shape: tuple[int, ...]) -> np.ndarray:
    """The described values, float32 of `shape`, row-major."""
    # As the text states them: what stands in the file must give the same bits.
    mean, deviation, least, largest = (np.float64(v) for v in description.text.split()[:4])
    count = int(np.prod(shape, dtype=np.int64))
    out = np.empty(count, np.float32)
    for start in range(0, count, 1 << 22):
        stop = min(count, start + (1 << 22))
        turn = np.arange(4 * start + 1, 4 * stop + 1, dtype=np.uint64)
        u = _uniform(((np.uint64(description.seed) + turn * np.uint64(STEP)) & np.uint64(0xFFFFFFFF))).reshape(-1, 4)
        normal = (u[:, 0] + u[:, 1] + u[:, 2] + u[:, 3] - 2) * ROOT_3
        out[start:stop] = np.minimum(largest, np.maximum(least, mean + deviation * normal))
    return out.reshape(shape)


def seed_of(name: str) -> int:
    """FNV-1a of a tensor's name, 32 bits."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def describe(name: str, tensor: torch.Tensor, gain: float = 1.0) -> Description:
    """A description that keeps a network lively: norms are not identities, nothing dies, nothing explodes."""
    seed = seed_of(name)
    last = name.rsplit(".", 1)[-1]
    if last == "running_var":
        return Description(1.0, 0.2, 0.5, 2.0, seed)
    if last == "running_mean":
        return Description(0.0, 0.1, -0.4, 0.4, seed)
    if tensor.dim() < 2:
        if last == "weight":
            return Description(1.0, 0.1, 0.6, 1.4, seed)
        return Description(0.0, 0.05, -0.2, 0.2, seed)
    fan_in = tensor[0].numel()
    deviation = gain / float(fan_in) ** 0.5
    return Description(0.0, deviation, -4 * deviation, 4 * deviation, seed)


def fill_state(network: torch.nn.Module, gains: dict[str, float] | None = None) -> dict[str, Description]:
    """Fills every float tensor of the state in place; the descriptions by name.

    gains: of the weights whose names begin so; 1 for all others. Below 1 where many sums let values
    grow without end, above it where a network would answer the same everywhere.
    """
    made = {}
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if not tensor.is_floating_point():
                continue
            gain = next((g for prefix, g in (gains or {}).items() if name.startswith(prefix)), 1.0)
            made[name] = describe(name, tensor, gain)
            tensor.copy_(torch.from_numpy(numbers(made[name], tuple(tensor.shape))))
    return made
