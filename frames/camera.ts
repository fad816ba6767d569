/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Pinhole camera in pixels **at a stated size**. The pixel centre of the top-left pixel is (0, 0).
 * Rescale with {@link scaleIntrinsics} whenever the picture is.
 */
export interface CameraIntrinsics extends Size {
  /** Focal lengths in pixels at `width` × `height`. */
  readonly fx: number;
  readonly fy: number;
  /** Principal point in pixels at `width` × `height`. */
  readonly cx: number;
  readonly cy: number;
}

/**
 * `worldFromCamera`, row-major 3×4 (12 numbers): rotation and translation in metres that carry a point of the camera
 * (x right, y down, z forward) into the world.
 */
export interface CameraPose {
  readonly worldFromCamera: readonly number[];
}

/**
 * Intrinsics of the same camera after its whole picture was resized to `to`.
 *
 * Pixel centres sit at integer coordinates, so the principal point moves by the half-pixel rule:
 * `cx' = (cx + 0.5) · sx − 0.5`.
 */
export function scaleIntrinsics(camera: CameraIntrinsics, to: Size): CameraIntrinsics {
  const sx = to.width / camera.width;
  const sy = to.height / camera.height;
  return {
    width: to.width,
    height: to.height,
    fx: camera.fx * sx,
    fy: camera.fy * sy,
    cx: (camera.cx + 0.5) * sx - 0.5,
    cy: (camera.cy + 0.5) * sy - 0.5,
  };
}
