import { type CameraIntrinsics, type DepthMap, Flow, type Frame } from '../../../frames/index.ts';
import type { GroundTruth } from '../../../pipeline/datasets/ground-truth.ts';
import { cameraAt, intrinsicsFor } from '../../../samples/street-renderer/camera.ts';
import { renderDepth } from '../../../samples/street-renderer/depth.ts';
import { createStreet } from '../../../samples/street-renderer/street.ts';

/** A few frames of the synthetic street with exact depth and poses. */
export interface StreetClip {
  readonly camera: CameraIntrinsics;
  readonly frames: readonly Frame[];
  /** Exact depth, NaN in the sky. */
  readonly depths: readonly DepthMap[];
  readonly truth: GroundTruth;
}

/** Renders a clip; its pictures are plain grey, so that colour masks leave everything in. */
export function streetClip(count: number, { poses = true, without = -1 } = {}): StreetClip {
  const street = createStreet(1);
  const camera = intrinsicsFor(160, 48);
  const flow = new Flow();
  const made = Array.from({ length: count }, (_, index) => {
    const timestamp = 2 + index / 15;
    const pose = cameraAt(street, timestamp);
    const { depth } = renderDepth(street, pose, camera, timestamp);
    const pixels = new Uint8Array(new SharedArrayBuffer(160 * 48 * 3)).fill(100);
    const frame: Frame = {
      ...{ stream: 'street', index, name: String(index).padStart(6, '0'), timestamp, arrivedAt: 0, pixels, flow },
      ...{ width: 160, height: 48, sourceSize: camera, intrinsics: camera },
      pose: poses ? { worldFromCamera: [...pose] } : undefined,
    };
    return { frame, depth };
  });
  return {
    camera,
    frames: made.map(({ frame }) => frame),
    depths: made.map(({ depth }) => ({
      ...{ kind: 'metric', width: 160, height: 48 },
      data: Float32Array.from(depth, (z) => (z > 0 ? z : Number.NaN)),
    })),
    truth: {
      summary: 'exact',
      depthOf: async ({ index }) =>
        index === without ? undefined : { width: 160, height: 48, data: Float32Array.from(made[index]!.depth) },
      poseOf: async () => undefined,
      intrinsics: () => undefined,
    },
  };
}
