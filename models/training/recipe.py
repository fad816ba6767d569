"""The training recipe: what every stage feeds and for how long. train.py runs them in order."""
from __future__ import annotations

from dataclasses import dataclass

SMALL, WIDE, TALL, ROOM = (416, 128), (640, 192), (320, 192), (416, 320)
# In a mix these stand for one of a pool: "loose", "road", "clip" (below), "street" (rendered; left out where none is).
POOLS = {"loose": ("camvid", "driving", "driving", "highway", "rollercoaster", "dog", "redkitchen", "redkitchen", "redkitchen"),
         "road": ("driving", "driving", "driving", "camvid", "highway"),
         "clip": ("dog", "rollercoaster")}


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
    photometric: bool = True  # compare the pictures of posed video too; without: multi-view depth alone
    elsewhere: tuple[str, ...] = ()  # the mix of batches at size ROOM
    average: float = 0.996  # of the weights that are kept, per step
    weights: tuple[tuple[str, float], ...] = ()  # instead of WEIGHTS


ROAD = ("kitti00", "kitti00", "kitti03", "drive9001", "drive9001", "stereo2015", "stereo2015",
        "clip268", "street", "loose")
BROAD = ("kitti00", "kitti03", "drive9001", "stereo2015", "stereo2015", "stereo2015",
         "clip268", "clip268", "street", "loose")
SWEPT = ("kitti00", "kitti00", "kitti03", "kitti03", "drive9001", "stereo2015", "stereo2015", "stereo2015",
         "clip268", "street", "road")
STREAM = ("kitti00", "kitti00", "kitti03", "clip268", "clip268", "drive9001", "stereo2015", "street")
ELSEWHERE = ("redkitchen", "redkitchen", "redkitchen", "redkitchen", "camvid", "clip")
HANDHELD = ("redkitchen", "redkitchen", "redkitchen", "redkitchen", "dog")
EARLY = (("metric", 0.15),)

FIRST = (
    Stage("single", 300, ((SMALL, 0.75), (WIDE, 0.1), (TALL, 0.15)), ROAD, 1, 5e-4, weights=EARLY),
    Stage("mixed", 600, ((SMALL, 0.5), (WIDE, 0.35), (TALL, 0.15)), ROAD, 1, 5e-4, 350, weights=EARLY),
    Stage("wide", 750, ((WIDE, 0.75), (SMALL, 0.15), (TALL, 0.1)), ROAD, 1, 6e-4, weights=EARLY),
)
FURTHER = (
    Stage("broad", 4500, ((WIDE, 0.9), (SMALL, 0.1)), BROAD, 1, 6e-4, 800, average=0.998),
    Stage("swept", 3600, ((WIDE, 0.82), (SMALL, 0.07), (ROOM, 0.11)), SWEPT, 1, 7e-4, 2650, False, ELSEWHERE, 0.998),
)
WINDOW = (
    Stage("window", 1100, ((WIDE, 0.85), (ROOM, 0.15)), STREAM, 4, 5e-4, None, False, HANDHELD, 0.996,
          (("window/measured", 1.0), ("fused", 1.2), ("own", 1.0), ("consistency", 8.0))),
    Stage("level", 260, ((WIDE, 0.85), (ROOM, 0.15)), STREAM, 4, 2e-4, None, False, HANDHELD, 0.985,
          (("window/measured", 1.5), ("fused", 2.5), ("own", 2.5), ("consistency", 11.0))),
    Stage("calm", 250, ((WIDE, 0.85), (ROOM, 0.15)), STREAM, 4, 2.5e-4, None, False, HANDHELD, 0.985,
          (("window/measured", 1.5), ("fused", 2.5), ("own", 2.5), ("consistency", 15.0))),
)
RECIPES = {
    "full": FIRST + FURTHER + WINDOW,  # from TCMonoDepth-small
    "further": FURTHER + WINDOW,       # from a .pt of this network (--start)
    "windows": WINDOW,                 # the window head alone, anew
    "smoke": (
        Stage("single", 4, ((SMALL, 1.0),), ("posed", "measured"), 1, 8e-4),
        Stage("window", 4, ((SMALL, 1.0),), ("posed", "measured"), 4, 8e-4),
    ),
}

WEIGHTS = {"photometric": 1.0, "smooth": 2e-3, "measured": 0.4, "metric": 0.3, "relative": 0.12,
           "coarse": 0.1, "consistency": 3.0, "fused": 1.0, "own": 0.7, "edges": 0.3,
           "window/measured": 0.8}
