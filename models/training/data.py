"""Reads the footage once into uint8 arrays on disk, with cameras, poses, depth and teachers.

python data.py --data ../shared/data --cache CACHE     (builds what is missing, prints a table)
Folders CACHE/streets/N are rendered streets (samples/street-renderer, README.md says how).

Kept aside and never opened here: sequence 04, drive 9001 from frame 39 on, redkitchen from
frame 100 on, the last 12 stereo scenes (KEPT_ASIDE; evaluate.py reads exactly those).
"""
from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

KEPT_ASIDE = {"drive9001_from": 39, "redkitchen_from": 100, "stereo_last": 12}
SWEPT = ("kitti00", "kitti03", "clip268")  # roads whose depth is measured by multiview.py
KITTI_FOCAL = 721.54 / 1242  # focal / width of drive 9001, clip268 and KITTI 2015
STEREO_CAMERA = (371.8, 369.4, 314.1, 88.5)  # of a 640x192 picture
RT_METRES = 5.4  # RT-MonoDepth-S `ms`: depth * 5.4 = metres for KITTI's focal


@dataclass
class Source:
    """Frames of one camera. images uint8 [n,H,W,3] RGB; camera fx,fy,cx,cy in pixels (None:
    unknown); poses float64 [n,4,4] camera to world; depth float16 [n,H,W] metres, 0 = unknown;
    metric: teacher inverse depth in 1/metre for this camera, float16 [n,H/2,W/2];
    relative: teacher inverse depth up to scale and shift, same shape; video: consecutive frames;
    dense: depth is exact at every pixel, so its edges count; scaled: its metres are to be learnt
    (indoors only the shape is: a five times smaller world pulled the road's features apart)."""
    name: str
    images: np.ndarray
    camera: np.ndarray | None = None
    poses: np.ndarray | None = None
    depth: np.ndarray | None = None
    metric: np.ndarray | None = None
    relative: np.ndarray | None = None
    video: bool = False
    dense: bool = False
    scaled: bool = True


def picture(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(f"{path} is no readable picture; check --data")
    if size and (bgr.shape[1], bgr.shape[0]) != size:
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(bgr[:, :, ::-1])


def pictures(paths: list[Path], size: tuple[int, int] | None = None) -> np.ndarray:
    if not paths:
        raise FileNotFoundError("no pictures found; check --data")
    return np.stack([picture(p, size) for p in paths])


def sparse_depth(path: Path, size: tuple[int, int], unit: float = 256.0) -> np.ndarray:
    """16-bit PNG -> metres at `size`; each return moves to its pixel, the nearest one wins."""
    full = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    rows, cols = np.nonzero((full > 0) & (full < 65535))
    metres = full[rows, cols] / unit
    y = np.minimum((rows + 0.5) * size[1] / full.shape[0], size[1] - 1).astype(int)
    x = np.minimum((cols + 0.5) * size[0] / full.shape[1], size[0] - 1).astype(int)
    out = np.full((size[1], size[0]), np.inf)
    np.minimum.at(out, (y, x), metres)
    return np.where(np.isfinite(out), out, 0).astype(np.float16)


def poses_3x4(path: Path) -> np.ndarray:
    rows = np.loadtxt(path).reshape(-1, 3, 4)
    return np.concatenate([rows, np.tile([[[0, 0, 0, 1.0]]], (len(rows), 1, 1))], 1)


def scaled_camera(fx: float, fy: float, cx: float, cy: float, old: tuple[int, int],
                  new: tuple[int, int]) -> np.ndarray:
    """Intrinsics after a resize from `old` to `new` (width, height); pixel centres at integers."""
    sx, sy = new[0] / old[0], new[1] / old[1]
    return np.array([fx * sx, fy * sy, (cx + 0.5) * sx - 0.5, (cy + 0.5) * sy - 0.5], np.float32)


def projection(path: Path, key: str) -> np.ndarray:
    for line in path.read_text().splitlines():
        if line.startswith(key):
            p = np.array(line.split(":")[1].split(), float).reshape(3, 4)
            return np.array([p[0, 0], p[1, 1], p[0, 2], p[1, 2]], np.float32)
    raise ValueError(f"{path} has no {key}")


def video_frames(path: Path, step: int, size: tuple[int, int]) -> np.ndarray:
    capture, out, index = cv2.VideoCapture(str(path)), [], 0
    while True:
        ok, bgr = capture.read()
        if not ok:
            break
        if index % step == 0:
            out.append(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)[:, :, ::-1])
        index += 1
    return np.stack(out)


def read_sources(data: Path) -> dict[str, "callable"]:
    """Name -> function that reads the source (without teachers)."""
    odometry, small, wide = data / "kitti_odometry", (416, 128), (640, 192)
    drive = data / "kitti_raw/2011_09_26/2011_09_26_drive_9001_sync"
    kitchen = data / "rgbd_redkitchen"

    def sequence(name: str, folder: str, key: str) -> Source:
        base = odometry / "sequences" / name
        return Source(f"kitti{name}", pictures(sorted((base / folder).glob("*.*g")), small),
                      projection(base / "calib.txt", key),
                      poses_3x4(odometry / f"poses/{name}.txt"), video=True)

    def lidar() -> Source:
        shots = sorted((drive / "image_02").rglob("*.*g"))[:KEPT_ASIDE["drive9001_from"]]
        camera = projection(drive.parent / "calib_cam_to_cam.txt", "P_rect_02")
        depth = np.stack([sparse_depth(drive / "gt_depth_cam2" / f"{p.stem}.png", wide) for p in shots])
        return Source("drive9001", pictures(shots, wide), scaled_camera(*camera, (1242, 375), wide),
                      depth=depth, video=True)

    def stereo() -> Source:
        shots = sorted((data / "kitti_stereo2015/image_2").glob("*.*g"))[:-KEPT_ASIDE["stereo_last"]]
        depth = np.stack([sparse_depth(data / "kitti_stereo2015/gt_depth" / f"{p.stem}.png", wide) for p in shots])
        return Source("stereo2015", pictures(shots, wide), np.array(STEREO_CAMERA, np.float32), depth=depth)

    def redkitchen() -> Source:
        shots = sorted(kitchen.rglob("*.color.*g"))[:KEPT_ASIDE["redkitchen_from"]]
        stems = [str(p).split(".color")[0] for p in shots]
        depth = np.stack([sparse_depth(Path(s + ".depth.png"), (640, 480), 1000.0) for s in stems])
        poses = np.stack([np.loadtxt(s + ".pose.txt") for s in stems])
        return Source("redkitchen", pictures(shots), np.array([585, 585, 319.5, 239.5], np.float32),
                      poses, depth, video=True)

    def loose(name: str, folder: str, pattern: str, video: bool = False) -> Source:
        return Source(name, pictures(sorted((data / folder).rglob(pattern))), video=video)

    def clip268() -> Source:
        shots = sorted((data / "kitti_raw_clip268").rglob("*.*g"))
        return Source("clip268", pictures(shots, wide),
                      np.array([KITTI_FOCAL * 640, 369.4, 314.1, 88.5], np.float32), video=True)

    def clip(name: str, file: str, step: int) -> Source:
        return Source(name, video_frames(data / "clips" / file, step, (640, 360)), video=True)

    return {"kitti00": lambda: sequence("00", "image_2", "P2"), "kitti03": lambda: sequence("03", "image_0", "P0"),
            "drive9001": lidar, "stereo2015": stereo, "redkitchen": redkitchen, "clip268": clip268,
            "driving": lambda: loose("driving", "driving_mix", "*.jpg"),
            "camvid": lambda: loose("camvid", "camvid", "*.jpg"),
            "highway": lambda: clip("highway", "highway_960x540_25fps.mp4", 2),
            "rollercoaster": lambda: clip("rollercoaster", "rollercoaster_960x540_24fps.mp4", 1),
            "dog": lambda: clip("dog", "dog.mp4", 3)}


def read_street(folder: Path) -> Source:
    """A rendered street: exact depth every frame, KITTI-style poses and calibration."""
    truths = sorted((folder / "depth").glob("*.png"))
    images = video_frames(folder / "street.mp4", 1, (640, 192))[:len(truths)]
    depth = np.stack([sparse_depth(p, (640, 192)) for p in truths])
    return Source(f"street{folder.name}", images, projection(folder / "calib.txt", "P2"),
                  poses_3x4(folder / "poses.txt")[:len(images)], depth, video=True, dense=True)


def sweep_road(cache: Path, source: Source) -> Source:
    """Adds multi-view depth to a road video (built once, 5 to 10 minutes a road on one core) and brings its
    teacher, frame by frame, to the same scale. Poses where there are none come from motion.py."""
    path = cache / f"swept_{source.name}.npz"
    if not path.exists():
        from motion import trajectory
        from multiview import depth_of_video
        poses = trajectory(source.images, source.camera, source.metric) if source.poses is None else source.poses
        np.savez(path, poses=poses, depth=depth_of_video(source.images, poses, source.camera, source.metric))
    own = source.poses is None
    with np.load(path) as stored:
        source.poses, source.depth = stored["poses"], stored["depth"]
    if own:  # step lengths are good to some per cent; over a whole drive the teacher's are better
        half = source.depth[:, ::2, ::2].astype(np.float32) * source.metric
        factor = float(np.median(half[half > 0]))
        source.depth = (source.depth.astype(np.float32) / factor).astype(np.float16)
        source.poses = source.poses.copy()
        source.poses[:, :3, 3] /= factor
    source.metric = source.metric.copy()
    for t, depth in enumerate(source.depth):
        both = depth[::2, ::2].astype(np.float32) * source.metric[t].astype(np.float32)
        known = both > 0
        if known.sum() > 500:
            source.metric[t] /= np.clip(np.median(both[known]), 0.8, 1.25)
    return source


def load(data: Path, cache: Path, names: list[str] | None = None) -> dict[str, Source]:
    """All sources, from the cache where it has them; teachers run once, on building."""
    from teachers import add_teachers
    cache.mkdir(parents=True, exist_ok=True)
    sources = {}
    for name, read in read_sources(data).items():
        if names and name not in names:
            continue
        path = cache / f"{name}.npz"
        if not path.exists():
            source = add_teachers(read(), data)
            arrays = {k: v for k, v in vars(source).items() if isinstance(v, np.ndarray)}
            np.savez(path, video=source.video, **arrays)
        with np.load(path) as stored:
            fields = {k: stored[k] for k in stored.files if k != "video"}
            sources[name] = Source(name, video=bool(stored["video"]), scaled=name != "redkitchen", **fields)
        if name in SWEPT:
            sources[name] = sweep_road(cache, sources[name])
    for folder in sorted((cache / "streets").glob("*")):
        if not names or f"street{folder.name}" in names:
            sources[f"street{folder.name}"] = read_street(folder)
    return sources


FILES = {"kitti00": ("kitti_odometry/sequences/00/image_2/*.*g", "kitti_odometry/sequences/00/calib.txt",
                     "kitti_odometry/poses/00.txt"),
         "kitti03": ("kitti_odometry/sequences/03/image_0/*.*g", "kitti_odometry/sequences/03/calib.txt",
                     "kitti_odometry/poses/03.txt"),
         "drive9001": ("kitti_raw/2011_09_26/2011_09_26_drive_9001_sync/image_02/**/*.*g",
                       "kitti_raw/2011_09_26/2011_09_26_drive_9001_sync/gt_depth_cam2/*.png",
                       "kitti_raw/2011_09_26/calib_cam_to_cam.txt"),
         "stereo2015": ("kitti_stereo2015/image_2/*.*g", "kitti_stereo2015/gt_depth/*.png"),
         "redkitchen": ("rgbd_redkitchen/**/*.color.*g", "rgbd_redkitchen/**/*.depth.png", "rgbd_redkitchen/**/*.pose.txt"),
         "clip268": ("kitti_raw_clip268/**/*.*g",), "driving": ("driving_mix/**/*.jpg",), "camvid": ("camvid/**/*.jpg",),
         "highway": ("clips/highway_960x540_25fps.mp4",), "rollercoaster": ("clips/rollercoaster_960x540_24fps.mp4",),
         "dog": ("clips/dog.mp4",), "teachers": ("models/rtmonodepth_s_ms_640_192.onnx", "models/tcmonodepth_small.pt.tar")}
FIRST = {"drive9001": KEPT_ASIDE["drive9001_from"], "redkitchen": KEPT_ASIDE["redkitchen_from"],
         "stereo2015": -KEPT_ASIDE["stereo_last"]}


def fingerprints(data: Path, cache: Path | None = None) -> dict[str, str]:
    """Source -> sha256 over the lines "name sha256-of-content" of the files it is read from, in order of names.

    Files that are kept aside are left out, so the sums tell what was trained on.
    """
    found = {name: [p for pattern in patterns for p in sorted(data.glob(pattern))[:FIRST.get(name) if "*" in pattern else None]]
             for name, patterns in FILES.items()}
    for folder in sorted((cache / "streets").glob("*")) if cache else ():
        found[f"street{folder.name}"] = [folder / "street.mp4", folder / "poses.txt", folder / "calib.txt",
                                         *sorted((folder / "depth").glob("*.png"))]
    line = lambda p: f"{p.name} {hashlib.sha256(p.read_bytes()).hexdigest()}\n"  # noqa: E731
    return {name: hashlib.sha256("".join(line(p) for p in paths).encode()).hexdigest()
            for name, paths in found.items() if paths}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, required=True)
    a = parser.parse_args()
    for s in load(a.data, a.cache).values():
        has = [k for k in ("camera", "poses", "depth", "metric", "relative") if getattr(s, k) is not None]
        depth = "" if s.depth is None else f"{np.median(s.depth[s.depth > 0]):6.2f} m median"
        print(f"{s.name:14}{len(s.images):5} frames {s.images.shape[2]}x{s.images.shape[1]:<5}"
              f"{'video ' if s.video else '      '}{', '.join(has)} {depth}", flush=True)


if __name__ == "__main__":
    main()
