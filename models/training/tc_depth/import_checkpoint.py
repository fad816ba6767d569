"""`python -m tc_depth.import_checkpoint CHECKPOINT_DIR --out DIR`: a downloaded TC-Depth checkpoint, ready to use.

Checks the four official files, exports the streaming form, compares it with PyTorch in
onnxruntime, and writes DIR/ID.json (the card) and DIR/ID.{frame,window}.onnx. With `--int8 PICTURES`
the graph of a frame computes in 8 bits, with ranges from these pictures, and the card says what that
costs. One JSON object on stdout, progress on stderr. Exit 0 done, 1 the checkpoint or the comparison
failed, 2 the call was wrong, 3 Python packages are missing.
"""
from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
from pathlib import Path

PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime", "numpy")
PICTURE_PACKAGES = {"PIL": "pillow"}
"""What 8-bit graphs need besides, by the name it is imported by."""


def missing_packages(pictures: bool) -> list[str]:
    """Packages that the import needs and that this Python does not have; `pictures`: those of 8-bit graphs too."""
    wanted = {name: name for name in PACKAGES} | (PICTURE_PACKAGES if pictures else {})
    return [package for name, package in wanted.items() if importlib.util.find_spec(name) is None]


def fail(code: int, message: str, advice: str) -> int:
    """One line of what happened, one of what to do; the exit code."""
    print(f"error: {message}\n  {advice}", file=sys.stderr)
    return code


def run(checkpoint: Path, out: Path, ident: str, size: tuple[int, int] | None, threads: int, int8: Path | None = None) -> int:
    """The command behind its arguments; the exit code. int8: folder of the pictures that 8-bit graphs take their ranges from."""
    missing = missing_packages(int8 is not None)
    if missing:
        return fail(3, f"these Python packages are missing: {', '.join(missing)}",
                    f"pip install {' '.join(missing)}   (all with versions: models/training/tc_depth/requirements.txt)")
    import torch

    from .card import write_card
    from .checkpoint import CheckpointError, load_checkpoint
    from .export import export_graphs
    from .macs import count_macs
    from .verify import verify

    torch.set_num_threads(threads)
    try:
        loaded = load_checkpoint(checkpoint)
    except CheckpointError as error:
        return fail(1, str(error), error.advice)
    size = size or loaded.size
    if size[0] % 8 or size[1] % 8 or min(size) < 16:
        return fail(1, f"the size {size[1]}x{size[0]} does not do", "give --size WxH, both multiples of 8 and at least 16")
    if int8 is not None:
        from .quantise import read_pictures

        try:
            pictures = read_pictures(int8, size)
        except (ValueError, OSError) as error:
            return fail(1, f"the pictures in {int8} do not do: {error}", "give --int8 a folder of eight or more JPEG or PNG pictures like those to come")
    _say(f"checkpoint read: width {loaded.network.width:g}, trained at {loaded.size[1]}x{loaded.size[0]}; exporting")
    out.mkdir(parents=True, exist_ok=True)
    graphs = export_graphs(loaded.network, out, ident)
    _say("comparing with PyTorch")
    differences = verify(loaded.network, graphs, size, threads)
    for difference in differences:
        _say(f"  {difference.case}: depth differs by at most {difference.relative:.1e} of itself"
             + (f" (rounding alone: {difference.rounding:.1e})" if difference.rounding else ""))
    worst = max(differences, key=lambda d: d.relative)
    if not all(difference.equal for difference in differences):
        return fail(1, f"the graphs do not answer what PyTorch does ({worst.case}: {worst.relative:.1e})",
                    "no card was written; please report this with the versions of torch and onnxruntime")
    macs = {name: sum(count_macs(path, *size).values()) for name, path in graphs.items()}
    precision = None
    if int8 is not None:
        _say(f"8 bits: ranges from {len(pictures.calibration)} pictures, depth compared on {len(pictures.windows)} windows of others")
        precision = _eight_bits(graphs, pictures, int8.name)
        change, speed = precision["depthChange"], precision["speed"]
        _say(f"  depth changes by {100 * change['median']:.1f} % in the median, {100 * change['p95']:.1f} % at 95 of 100 pixels; "
             f"a frame is computed {speed['ratio']:.2f} times as fast")
    card = out / f"{ident}.json"
    write_card(graphs, card, ident, loaded.size, "The official checkpoint of TC-Depth (github.com/DaoyiG/TC-Depth), exported here",
               ["KITTI raw, eigen_zhou split, self-supervised"], {"parameters": sum(p.numel() for p in loaded.network.parameters())},
               {"export": {"size": f"{size[1]}x{size[0]}", "macs": macs,
                           "largestRelativeDifference": {d.case: float(f"{d.relative:.2g}") for d in differences}}},
               precision)
    print(json.dumps({"card": str(card), "graphs": {n: str(p) for n, p in graphs.items()}, "macs": macs,
                      "largestRelativeDifference": worst.relative} | ({"precision": precision} if precision else {})))
    return 0


def _eight_bits(graphs: dict[str, Path], pictures, source: str) -> dict:
    """Puts the 8-bit frame graph in the place of the float32 one; what that costs, for the card."""
    from .quantise import compare, quantise_frame

    with tempfile.TemporaryDirectory() as folder:
        float32 = {"frame": Path(folder) / "frame.onnx", "window": graphs["window"]}
        shutil.move(graphs["frame"], float32["frame"])
        quantise_frame(float32["frame"], graphs["frame"], pictures.calibration)
        return compare(float32, graphs, pictures.windows, source, len(pictures.calibration), rounds=5)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not WxH, such as 640x192")
    return int(height), int(width)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tc_depth.import_checkpoint", description=__doc__.split(":", 1)[1].strip(),
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="folder with encoder.pth, ref_depth.pth, spa_temp.pth, depth.pth")
    parser.add_argument("--out", type=Path, required=True, help="folder for the card and the graphs")
    parser.add_argument("--id", default="tc-depth", help="the model's id and the files' name (default tc-depth)")
    parser.add_argument("--size", type=_size, help="WxH of the comparison (default: that of training); the graphs take any size")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--int8", type=Path, metavar="PICTURES",
                        help="8-bit encoder: folder of eight or more pictures like those to come, in order of time")
    options = parser.parse_args()
    return run(options.checkpoint, options.out, options.id, options.size, options.threads, options.int8)


if __name__ == "__main__":
    sys.exit(main())
