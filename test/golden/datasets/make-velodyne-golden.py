"""Makes velodyne.json beside this file by running the published projection of laser scans on a made-up scan.

  python make-velodyne-golden.py --monodepth2 DIR

DIR is a checkout of nianticlabs/monodepth2 (b676244). Nothing of it is copied: `generate_depth_map` is imported and
called, with `vel_depth`, as `export_gt_depth.py` does for the Eigen split. Needs numpy.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 40, 24

CAMERAS = {
    "calib_time": "09-Jan-2012 13:57:47",
    "S_rect_02": [WIDTH, HEIGHT],
    "R_rect_00": [0.9999, 0.0098, -0.0074, -0.0099, 0.99994, -0.0043, 0.0074, 0.0044, 0.99996],
    "P_rect_02": [24, 0, 19.6, 1.5, 0, 24, 5.5, 0.007, 0, 0, 1, 0.0027],
}
SCANNER = {
    "calib_time": "15-Mar-2012 11:37:16",
    "R": [0.0075, -0.99997, -0.0006, 0.0148, 0.0007, -0.99989, 0.99986, 0.0075, 0.0148],
    "T": [-0.0041, -0.0763, -0.2718],
}


def written(values):
    return "".join(
        f"{key}: {value if isinstance(value, str) else ' '.join(map(repr, value))}\n" for key, value in values.items()
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--monodepth2", required=True)
    sys.path.insert(0, parser.parse_args().monodepth2)
    np.int = int  # Gone since numpy 1.24.
    from kitti_utils import generate_depth_map

    rng = np.random.default_rng(5)
    count = 500
    # Everywhere around the scanner, so that pixels are hit twice and points lie behind it.
    points = np.stack(
        [rng.uniform(-4, 30, count), rng.uniform(-16, 16, count), rng.uniform(-2, 2, count), rng.uniform(0, 1, count)], 1
    )
    # Along the left and the right border, where one pixel's number is another one's too.
    border = np.array([[d, side * d * 0.79, h * d, 0.5] for d in (6.0, 9.0) for side in (-1, 1) for h in np.arange(-0.8, 0.25, 0.02)])
    points = np.concatenate([points, border])
    points = (np.round(points * 1024) / 1024).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "calib_cam_to_cam.txt").write_text(written(CAMERAS))
        (folder / "calib_velo_to_cam.txt").write_text(written(SCANNER))
        points.tofile(folder / "scan.bin")
        depth = generate_depth_map(str(folder), str(folder / "scan.bin"), 2, True).astype(np.float32)
    golden = {
        "cameras": written(CAMERAS),
        "scanner": written(SCANNER),
        "points": [float(value) for value in points.ravel()],
        "depth": [float(value) for value in depth.ravel()],
    }
    (HERE / "velodyne.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(int((depth > 0).sum()), "pixels, first and last column", (depth[:, 0] > 0).sum(), (depth[:, -1] > 0).sum())


if __name__ == "__main__":
    main()
