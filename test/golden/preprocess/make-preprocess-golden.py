"""Goldens of what happens before and after a network, by the tools its authors use: `python make-preprocess-golden.py`.

Writes picture.png and preprocess.json beside itself. Needs Pillow, torch and transformers: Pillow's resize is what
Monodepth2, DIFFNet and ManyDepth use, transformers' image processors stand for GLPN and ZoeDepth.
"""
import base64
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from transformers import GLPNImageProcessor, ZoeDepthImageProcessor

HERE = Path(__file__).parent
WIDTH, HEIGHT = 311, 93
torch.set_num_threads(1)


def picture() -> np.ndarray:
    """Edges, ramps and fine stripes by integers."""
    y, x, c = np.ogrid[:HEIGHT, :WIDTH, :3]
    block = (x // 12) * 73 + (y // 8) * 151 + c * 199
    hashed = (block * block * 31 + block * 17) % 251
    fine = np.where(x > 200, (x % 3) * 40, 0)
    return ((hashed * 2 + y * 255 // HEIGHT + fine) // 4 % 256).astype(np.uint8)


def sampled(values: np.ndarray, every: int) -> dict:
    kept = np.ascontiguousarray(values).reshape(-1)[::every]
    kind = "uint8" if kept.dtype == np.uint8 else "float32"
    return {"every": every, "type": kind, "values": base64.b64encode(kept.astype(kind).tobytes()).decode()}


def box(values: np.ndarray, to: int, axis: int) -> np.ndarray:
    """The mean over the part of the picture that each pixel covers."""
    values = np.moveaxis(values.astype(np.float64), axis, 0)
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), values.cumsum(0)])
    places = np.linspace(0, len(values), to + 1)
    low = np.minimum(places.astype(int), len(values) - 1)
    at = sums[low] + (places - low)[:, None, None] * values[low]
    return np.moveaxis((at[1:] - at[:-1]) / (len(values) / to), 0, axis)


def main() -> None:
    pixels = picture()
    image = Image.fromarray(pixels)
    image.save(HERE / "picture.png", optimize=True)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    resized = []
    for size in [(160, 48), (352, 96)]:
        for name in ("bilinear", "lanczos"):
            done = np.asarray(image.resize(size, Image.Resampling[name.upper()]))
            resized.append({"filter": name, "size": size, "by": "Pillow", **sampled(done, 7)})
        corners = F.interpolate(tensor, size[::-1], mode="bilinear", align_corners=True)[0].permute(1, 2, 0).numpy()
        resized.append({"filter": "bilinear-corners", "size": size, "by": "torch", **sampled(corners, 31)})
    area = box(box(pixels, 48, 0), 160, 1)
    resized.append({"filter": "area", "size": (160, 48), "by": "its definition", **sampled(area.astype(np.float32), 31)})

    lanczos = [np.asarray(image.resize((w, h), Image.Resampling.LANCZOS)).transpose(2, 0, 1).astype(np.float32) / 255
               for w, h in ((640, 192), (1024, 320))]
    glpn = GLPNImageProcessor()(image, return_tensors="pt").pixel_values[0].numpy()
    zoe = [ZoeDepthImageProcessor(do_pad=False, keep_aspect_ratio=False, ensure_multiple_of=32, size=size)(
        image, return_tensors="pt").pixel_values[0].numpy() for size in ({"height": 384, "width": 512}, {"height": 384, "width": 768})]
    inputs = [{"card": card, "size": (values.shape[2], values.shape[1]), **sampled(values, 997)} for card, values in (
        ("monodepth2-640x192", lanczos[0]), ("diffnet-640x192", lanczos[0]), ("manydepth-640x192", lanczos[0]),
        ("diffnet-1024x320", lanczos[1]), ("glp-depth-kitti", glpn), ("glp-depth-nyu", glpn),
        ("zoe-depth-n", zoe[0]), ("zoe-depth-nk", zoe[0]), ("zoe-depth-k", zoe[1]))]

    margins = [{"source": [w, h], "margin": [int(np.sqrt(w / 2) * 3), int(np.sqrt(h / 2) * 3)]}
               for w, h in ((640, 480), (1242, 375), (1280, 720), (311, 93))]
    padded = F.pad(tensor[:, :, :40, :60] / 255, (18, 18, 12, 12), mode="reflect")[0]
    generator = torch.Generator().manual_seed(1)
    answers = [0.5 + 9 * torch.rand(1, 24, 36, generator=generator) for _ in range(2)]
    outputs = [type("Output", (), {"predicted_depth": answer})() for answer in answers]
    flipped = ZoeDepthImageProcessor().post_process_depth_estimation(outputs[0], outputs_flipped=outputs[1], do_remove_padding=False)
    raw = torch.rand(200, generator=generator)
    ten, far = 0.001 + raw * 9.999, 0.001 + raw * 79.999
    small = torch.rand(1, 1, 12, 20, generator=generator)
    golden = {
        "resized": resized,
        "inputs": inputs,
        "margins": margins,
        "padded": {"frame": [60, 40], "network": [96, 64], **sampled(padded.numpy(), 7)},
        "flipped": {"size": [36, 24], "answers": [sampled(a.numpy(), 1) for a in answers],
                    "mean": sampled(flipped[0]["predicted_depth"].numpy(), 1)},
        # disp_to_depth(disp, 0.1, 100) of Monodepth2; metres of ZoeDepth K built with 80 instead of 10.
        "scaled": [
            {"card": "monodepth2-640x192", "raw": sampled(raw.numpy(), 1), "depth": sampled((1 / (0.01 + (10 - 0.01) * raw)).numpy(), 1)},
            {"card": "zoe-depth-k", "raw": sampled(ten.numpy(), 1), "depth": sampled(far.numpy(), 1)},
            {"card": "glp-depth-kitti", "raw": sampled((raw * 10).numpy(), 1), "depth": sampled((raw * 80).clamp(0.001, 80).numpy(), 1)},
        ],
        "enlarged": {"from": [20, 12], "to": [37, 31], "raw": sampled(small.numpy(), 1),
                     "values": sampled(F.interpolate(small, (31, 37), mode="bilinear", align_corners=False).numpy(), 1)},
    }
    (HERE / "preprocess.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
