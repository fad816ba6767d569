"""Makes the goldens beside this file by running the published evaluation code on seeded arrays.

  python make-goldens.py --monodepth2 DIR --tc-depth DIR --video-depth-anything DIR --consistent-depth DIR

Each DIR is a checkout of the GitHub repository: nianticlabs/monodepth2 (b676244), DaoyiG/TC-Depth (497e7fd),
DepthAnything/Video-Depth-Anything (4f5ae23), facebookresearch/TemporallyConsistentDepth (be85390). Nothing of
theirs is copied: their functions are imported and called. What they import but do not need here (networks, plots,
RAFT) is replaced by empty modules, and tensors are kept in double precision. Needs numpy, torch and opencv-python.
"""

import argparse
import contextlib
import io
import os

from of_consistent_depth import consistent_depth
from of_monodepth2 import monodepth2
from of_tc_depth import tc_depth
from of_video_depth_anything import video_depth_anything

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    makers = {
        "monodepth2": monodepth2,
        "tc-depth": tc_depth,
        "video-depth-anything": video_depth_anything,
        "consistent-depth": consistent_depth,
    }
    for name in makers:
        parser.add_argument(f"--{name}", metavar="DIR")
    given = vars(parser.parse_args())
    for name, make in makers.items():
        folder = given[name.replace("-", "_")]
        if folder:
            with contextlib.redirect_stdout(io.StringIO()) as said:
                make(os.path.abspath(folder))
            print(said.getvalue().strip().splitlines()[-1])
