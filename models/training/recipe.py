"""The training recipe: what every stage feeds and for how long. train.py runs them in order."""
from __future__ import annotations

from dataclasses import dataclass

SMALL, WIDE, TALL = (416, 128), (640, 192), (320, 192)
LOOSE = ("camvid", "driving", "driving", "highway", "rollercoaster", "dog", "redkitchen", "redkitchen",
         "redkitchen")
# In a mix "loose" stands for one of LOOSE, "street" for one of the rendered streets (left out where none is).


@dataclass(frozen=True)
class Stage:
    """steps of batches; sizes: (width, height) with their share; mix: sources of one batch;
    views 1 trains encoder and single-frame head, views 4 temporal attention and window head; rate: peak learning rate."""
    name: str
    steps: int
    sizes: tuple[tuple[tuple[int, int], float], ...]
    mix: tuple[str, ...]
    views: int
    rate: float
    stop: int | None = None  # leave the schedule here


ROAD = ("kitti00", "kitti00", "kitti03", "drive9001", "drive9001", "stereo2015", "stereo2015",
        "clip268", "street", "loose")

STREAM = ("kitti00", "kitti00", "kitti03", "kitti03", "drive9001", "drive9001", "stereo2015", "clip268",
          "street", "street")

RECIPES = {
    "full": (
        Stage("single", 300, ((SMALL, 0.75), (WIDE, 0.1), (TALL, 0.15)), ROAD, 1, 5e-4),
        Stage("mixed", 600, ((SMALL, 0.5), (WIDE, 0.35), (TALL, 0.15)), ROAD, 1, 5e-4, 350),
        Stage("wide", 750, ((WIDE, 0.75), (SMALL, 0.15), (TALL, 0.1)), ROAD, 1, 6e-4),
        Stage("window", 430, ((WIDE, 0.6), (SMALL, 0.4)), STREAM, 4, 4e-4),
        Stage("anchor", 150, ((WIDE, 0.8), (SMALL, 0.2)), STREAM, 4, 3e-4),
    ),
    "smoke": (
        Stage("single", 4, ((SMALL, 1.0),), ("posed", "measured"), 1, 8e-4),
        Stage("window", 4, ((SMALL, 1.0),), ("posed", "measured"), 4, 8e-4),
    ),
}

WEIGHTS = {"photometric": 1.0, "smooth": 2e-3, "measured": 0.4, "metric": 0.15, "relative": 0.12,
           "coarse": 0.1, "consistency": 3.0, "fused": 1.0, "own": 0.7, "edges": 0.3,
           "window/measured": 0.8}
