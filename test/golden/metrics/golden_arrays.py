"""What the makers of the goldens share: small seeded scenes, and a way to import published code that does not install."""

import importlib
import json
import sys
import types
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
HEIGHT, WIDTH = 16, 28
CAMERA = {"width": WIDTH, "height": HEIGHT, "fx": 30, "fy": 31, "cx": 19, "cy": 11.5}


def stub(name, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


def load(folder, name, stubs):
    """Imports a module from a checkout, with empty modules in place of what this script does not need."""
    before = dict(sys.modules)
    for other, content in stubs.items():
        stub(other, **content)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for other in list(sys.modules):
            if other not in before and (other in stubs or other == name):
                del sys.modules[other]


def numbers(array):
    """As short as they can be written: inputs are rounded before they are used, see `short`."""
    values = [float(value) for value in np.asarray(array, dtype=np.float64).ravel()]
    return [int(value) if value.is_integer() else value for value in values]


def short(array):
    """Whole multiples of 1/1024: exact in float32, and short in a file."""
    return np.round(np.asarray(array) * 1024) / 1024


def write(name, golden):
    (HERE / name).write_text(json.dumps(golden) + "\n")
    print(name, "written")


def scene(random, frames, height=HEIGHT, width=WIDTH):
    """A road that rises and falls a little from frame to frame, float32 as files hold it."""
    rows = np.arange(height)[:, None] + 1.0
    columns = np.arange(width)[None, :]
    base = 40.0 / rows + 0.02 * columns + 4.0
    return [short(base * (1 + 0.03 * random.standard_normal((height, width)))).astype(np.float32) for _ in range(frames)]


def turn(angle, shift):
    c, s = np.cos(angle), np.sin(angle)
    pose = np.eye(4)
    pose[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    pose[:3, 3] = shift
    return pose
