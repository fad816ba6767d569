import { firstValueFrom, from } from 'rxjs';
import type { CameraIntrinsics, DepthMap, Frame, FrameWindow } from '../../frames/index.ts';
import type { DepthEstimator } from '../../operators/index.ts';
import type { Flip } from './presets.ts';

/**
 * The same model, asked about each window and about its mirror image; the answer for that is mirrored back. Twice the
 * work. The mirrored frames are a stream of their own, so that a model keeps the features of both. See {@link Flip} for
 * the two ways; `none` answers the model itself.
 */
export function flipAveraged(model: DepthEstimator, flip: Flip): DepthEstimator {
  if (flip === 'none') return model;
  const mirrored = new WeakMap<Frame, Frame>();
  const mirrorOf = (frame: Frame): Frame => {
    const known = mirrored.get(frame) ?? mirroredFrame(frame);
    mirrored.set(frame, known);
    return known;
  };
  return {
    id: model.id,
    contextOffsets: model.contextOffsets,
    inFlight: model.inFlight,
    async estimate(window: FrameWindow): Promise<DepthMap> {
      const other: FrameWindow = {
        ...window,
        target: mirrorOf(window.target),
        context: window.context.map((frame) => frame && mirrorOf(frame)),
      };
      const [straight, turned] = await Promise.all([
        firstValueFrom(from(model.estimate(window))),
        firstValueFrom(from(model.estimate(other))),
      ]);
      return flip === 'blend' ? blended(straight, turned) : averaged(straight, turned);
    },
  };
}

/** Mean of a map and of a mirrored one turned back, in its own unit; where only one is known, that one. */
export function averaged(straight: DepthMap, turned: DepthMap): DepthMap {
  return combined(straight, turned, () => 0.5);
}

/**
 * Monodepth2's post-processing, in inverse depth: at the left edge the turned answer alone, at the right edge the straight
 * one, between them the mean; the weights change linearly from 5 % to 10 % of the width (networks trained on stereo have
 * shadows left of near things).
 */
export function blended(straight: DepthMap, turned: DepthMap): DepthMap {
  const { width, kind } = straight;
  const left = (x: number): number => 1 - Math.min(Math.max(20 * (x / (width - 1) - 0.05), 0), 1);
  // r·L + l·R + (1 − l − r)·(L + R)/2, as the share of L.
  const share = (x: number): number => 0.5 + 0.5 * (left(width - 1 - x) - left(x));
  if (kind === 'inverse') return combined(straight, turned, share);
  const inverse = (map: DepthMap): DepthMap => ({ ...map, data: map.data.map((value) => 1 / value) });
  return inverse(combined(inverse(straight), inverse(turned), share));
}

function combined(straight: DepthMap, turned: DepthMap, share: (x: number) => number): DepthMap {
  const { width, height } = straight;
  const weights = Float64Array.from({ length: width }, (_, x) => share(x));
  const data = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const a = straight.data[i]!;
      const b = turned.data[y * width + width - 1 - x]!;
      data[i] =
        Number.isFinite(a) && Number.isFinite(b) ? weights[x]! * a + (1 - weights[x]!) * b : Number.isFinite(a) ? a : b;
    }
  }
  return { ...straight, data };
}

function mirroredFrame(frame: Frame): Frame {
  const { width, height, pixels, intrinsics } = frame;
  const turned = new Uint8Array(new SharedArrayBuffer(pixels.length));
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = width - 1; x >= 0; x--, to += 3) {
      const at = (y * width + x) * 3;
      turned[to] = pixels[at]!;
      turned[to + 1] = pixels[at + 1]!;
      turned[to + 2] = pixels[at + 2]!;
    }
  }
  // The pose of a mirrored camera is none; no model asks for it.
  return {
    ...frame,
    stream: `${frame.stream}, mirrored`,
    pixels: turned,
    intrinsics: mirroredCamera(intrinsics),
    pose: undefined,
  };
}

function mirroredCamera(camera: CameraIntrinsics | undefined): CameraIntrinsics | undefined {
  return camera && { ...camera, cx: camera.width - 1 - camera.cx };
}
