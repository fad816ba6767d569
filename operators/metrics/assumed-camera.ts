import type { CameraIntrinsics, Size } from '../../frames/index.ts';

/** Focal length in widths that stands in where a camera is not known: the one the built-in network is made for. */
const ASSUMED_FOCAL = 370 / 640;

/** The camera of a picture: its own where it is known, else one of 0.58 widths of focal length that looks straight on. */
export function cameraOrAssumed(
  frame: Size & { readonly intrinsics?: CameraIntrinsics | undefined },
): CameraIntrinsics {
  const { width, height, intrinsics } = frame;
  const focal = ASSUMED_FOCAL * width;
  return intrinsics ?? { width, height, fx: focal, fy: focal, cx: (width - 1) / 2, cy: (height - 1) / 2 };
}
