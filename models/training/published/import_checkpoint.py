"""`python -m published.import_checkpoint CHECKPOINT --out DIR --id ID`: an authors' checkpoint, ready to use.

Checks the official files, exports the graphs of the shipped card ID, compares them with PyTorch in
onnxruntime, and writes DIR/ID.json (the card) beside them. Progress on stderr. Exit 0 done, 1 the
checkpoint or the comparison failed, 2 the call was wrong, 3 Python packages are missing.
"""
from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import sys
from pathlib import Path

PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime", "numpy")
CARDS = Path(__file__).parents[2] / "cards"
TOLERANCE = 1e-4


def fail(code: int, message: str, advice: str) -> int:
    """One line of what happened, one of what to do; the exit code."""
    print(f"error: {message}\n  {advice}", file=sys.stderr)
    return code


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def largest_difference(graph, path: Path) -> float:
    """The largest relative difference between PyTorch and onnxruntime on a seeded example."""
    import numpy as np
    import onnxruntime
    import torch

    generator = torch.Generator().manual_seed(1)
    example = [torch.rand(e.shape, generator=generator) if e.is_floating_point() and e.dim() > 1 else e for e in graph.example]
    with torch.no_grad():
        answers = graph.module(*example)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    found = session.run(graph.outputs, {i.name: e.numpy() for i, e in zip(session.get_inputs(), example)})
    expected = [answers] if isinstance(answers, torch.Tensor) else list(answers)
    # Features cross zero: what counts is the difference beside the size of the whole map.
    return max(float(np.abs(f - e.numpy()).max() / max(1e-12, float(e.abs().max()))) for f, e in zip(found, expected))


def run(checkpoint: Path, out: Path, ident: str) -> int:
    """The command behind its arguments; the exit code."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        return fail(3, f"these Python packages are missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    from .checkpoint import CheckpointError, load
    from .export import export
    from .networks import PUBLISHED

    if ident not in PUBLISHED:
        return fail(2, f"{ident} is not made here", f"one of: {', '.join(PUBLISHED)}")
    published = PUBLISHED[ident]
    network = published.build().eval()
    try:
        loaded = load(network, checkpoint)
    except CheckpointError as error:
        return fail(1, str(error), error.advice)
    if loaded.size not in (None, published.size):
        height, width = loaded.size
        return fail(1, f"the checkpoint was trained at {width}x{height}, {ident} is not", "import it under the card of its size")
    say("checkpoint read; exporting")
    card = json.loads((CARDS / f"{ident}.json").read_text())
    for key in ("obtain", "convert"):
        card.pop(key, None)
    for part, graph in published.graphs(network, published.size, loaded).items():
        path = export(graph, out / f"{part}.onnx")
        difference = largest_difference(graph, path)
        say(f"{part}: differs from PyTorch by at most {difference:.1e}")
        if not difference <= TOLERANCE:
            return fail(1, f"the {part} graph does not answer what PyTorch does ({difference:.1e})",
                        "please report this with the versions of torch and onnxruntime")
        data = path.read_bytes()
        card["parts"][part] = {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        if part in ("graph", "frame"):
            card["input"]["tensor"] = graph.inputs[0]
            card["input"]["size"] = {"rule": "fixed", "width": published.size[1], "height": published.size[0]}
    for key, changed in (published.card or {}).items():
        card[key] |= changed
    (out / f"{ident}.json").write_text(json.dumps(card, indent=2) + "\n")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="published.import_checkpoint", description=__doc__.split(":", 1)[1].strip(),
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="folder or file of the official weights")
    parser.add_argument("--out", type=Path, required=True, help="folder for the card and the graphs")
    parser.add_argument("--id", required=True, help="id of the shipped card")
    options = parser.parse_args()
    return run(options.checkpoint, options.out, options.id)


if __name__ == "__main__":
    sys.exit(main())
