"""The model card that depthcast reads: what the graphs take and give, their hashes, what was measured."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .decoder import DEPTH_RANGE
from .geometry import KITTI_CAMERA

LICENCE = {"name": "not stated", "commercial": False,
           "note": "TC-Depth's authors state no licence for their weights. They were trained on KITTI (CC BY-NC-SA 3.0) "
                   "with code after Monodepth2 (non-commercial)."}


def write_card(graphs: dict[str, Path], path: Path, ident: str, size: tuple[int, int], source: str, data: list[str],
               facts: dict, figures: dict, precision: dict | None = None) -> None:
    """Writes the card of a frame and a window graph.

    size: (H, W) the network was trained at; precision: what 8-bit kernels cost (`quantise.compare`).
    """
    height, width = size

    def part(file: Path) -> dict:
        data = file.read_bytes()
        return {"file": file.relative_to(path.parent).as_posix(), "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}

    card = {
        "version": 1,
        "id": ident,
        "title": "TC-Depth (3DV 2021): three frames, spatial and temporal attention, streaming form"
                 + (", 8-bit encoder" if precision else ""),
        "family": "windowed-features",
        "parts": {name: part(graphs[name]) for name in ("frame", "window")},
        # The frames' order does not matter to the network, so any three will do; it was trained on neighbours.
        "window": {"offsets": [-1, 0, 1], "alternatives": [[-2, -1, 0]]},
        "input": {"tensor": "frame", "layout": "nhwc-uint8", "colours": "rgb", "range": [0, 255], "mean": [0, 0, 0], "std": [1, 1, 1],
                  "size": {"rule": "aspect", "area": height * width, "multiple": 32, "minimumSide": 64}},
        "output": {"tensor": "depth", "kind": "relative", "scale": 1, "min": DEPTH_RANGE[0], "max": DEPTH_RANGE[1]},
        "camera": {"rule": "input", "tensor": "camera", "canonicalFocal": round(KITTI_CAMERA[0] * width, 3), "canonicalWidth": width,
                   "unknown": "zeros"},
        "licence": LICENCE,
        "source": source,
        "trained": {"data": data, "facts": facts},
        "figures": figures,
    }
    if precision:
        card["precision"] = precision
    path.write_text(json.dumps(card, indent=2) + "\n")
