import type { CameraIntrinsics } from '../../../frames/camera.ts';
import type { QuantisedDepth } from '../../../frames/packed-depth.ts';
import type { DisplayRange } from '../colours/colour-range.ts';

/** How codes become points: inverse depth (`isInverse`) or depth is `offset + scale · code`, in units of the depth. */
export interface CloudGeometry {
  readonly offset: number;
  readonly scale: number;
  readonly isInverse: boolean;
  /** Depth beyond it is left out: what lies behind the far end of the colours is mostly sky. */
  readonly farthest: number;
  /** Inverse depth at the near and the far end of the colours. */
  readonly nearInverse: number;
  readonly farInverse: number;
  /** Units of the scene a unit of depth; the scene is made for metres. */
  readonly worldScale: number;
  readonly intrinsics: CameraIntrinsics;
  /** False where the camera is a guess. */
  readonly isCameraKnown: boolean;
}

/** Metres that stand for the two ends of the colours where depth has no unit. */
const STAND_IN = { near: 4, far: 60 } as const;

/** Angle of view that is guessed where the camera is unknown. */
const GUESSED_VIEW = (70 * Math.PI) / 180;

/**
 * The geometry of a frame's cloud. `relative` depth is scaled so that the far end of the colours lies at 60 m; inverse
 * depth, whose shift is unknown, is laid between 4 and 60 m by its range: its shape is right up to that guess.
 */
export function cloudGeometry(
  { kind, width, height, quantisation }: QuantisedDepth,
  range: DisplayRange,
  known: CameraIntrinsics | undefined,
): CloudGeometry {
  const { offset, scale, mapping } = quantisation;
  const camera = { intrinsics: known ?? guessedCamera(width, height), isCameraKnown: known !== undefined };
  if (kind === 'inverse') {
    const nearInverse = 1 / STAND_IN.near;
    const farInverse = 1 / STAND_IN.far;
    const slope = (nearInverse - farInverse) / (range.near - range.far);
    return {
      offset: farInverse + slope * (offset - range.far),
      scale: slope * scale,
      isInverse: true,
      farthest: STAND_IN.far,
      nearInverse,
      farInverse,
      worldScale: 1,
      ...camera,
    };
  }
  return {
    offset,
    scale,
    isInverse: mapping === 'reciprocal',
    farthest: range.far,
    nearInverse: 1 / range.near,
    farInverse: 1 / range.far,
    worldScale: kind === 'metric' ? 1 : STAND_IN.far / range.far,
    ...camera,
  };
}

/** Inverse depth of a code; 0 for unknown. */
export function inverseOfCode(code: number, { offset, scale, isInverse }: CloudGeometry): number {
  if (code === 0) return 0;
  const value = offset + scale * code;
  return isInverse ? value : 1 / value;
}

function guessedCamera(width: number, height: number): CameraIntrinsics {
  const focal = width / 2 / Math.tan(GUESSED_VIEW / 2);
  return { width, height, fx: focal, fy: focal, cx: (width - 1) / 2, cy: (height - 1) / 2 };
}
