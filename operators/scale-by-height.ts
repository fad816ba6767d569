import { defer, type MonoTypeOperatorFunction, map } from 'rxjs';
import { DepthcastError, type DepthFrame, type DepthMap } from '../frames/index.ts';
import { cameraOrAssumed } from './metrics/assumed-camera.ts';
import { groundPlane, levelHeight } from './metrics/ground-plane.ts';
import { SmoothedScale } from './metrics/smoothed-scale.ts';

/** What {@link scaleByHeight} tells. */
export interface ScaleByHeightOptions {
  /** Called for each frame whose depth was brought to metres, with the factor and whether the ground was seen in it. */
  readonly onScale?: ((scale: number, groundSeen: boolean) => void) | undefined;
}

/** Metres: no camera that sees its ground is higher. */
const MOST = 1000;

/**
 * Brings relative depth to metres by the camera's height over the ground, in metres: the road seen in the lower middle
 * of the picture (`groundPlane`) lies as far below the camera as is known.
 *
 * The scale is smoothed over about 30 frames with ground (`SmoothedScale`), so that it makes no flicker of its own;
 * where no ground is seen it stays what it was, and until ground was seen for the first time a rough guess stands in
 * (`levelHeight`). Metric maps pass as they are, and so do inverse ones: their unknown shift hides the ground. Where the
 * intrinsics are not known, the assumed camera stands in, and metres are as wrong as it is. The scale depends on the
 * frames before, so a run that goes on later comes to it anew. Throws `option-invalid` for a height that is none.
 */
export function scaleByHeight(
  cameraHeight: number,
  { onScale }: ScaleByHeightOptions = {},
): MonoTypeOperatorFunction<DepthFrame> {
  if (!(cameraHeight > 0 && cameraHeight <= MOST)) {
    throw new DepthcastError('option-invalid', `A camera cannot be ${cameraHeight} m over the ground.`, {
      advice: 'Give the height in metres, such as 1.65.',
    });
  }
  return (source) =>
    defer(() => {
      const smoothed = new SmoothedScale();

      const scaleOf = (answer: DepthFrame): number => {
        const camera = cameraOrAssumed(answer.frame);
        const ground = groundPlane(answer.depth, camera);
        if (ground) smoothed.add(cameraHeight / ground.height);
        const level = smoothed.value === undefined ? levelHeight(answer.depth, camera) : undefined;
        const scale = smoothed.value ?? (level !== undefined && level > 0 ? cameraHeight / level : 1);
        onScale?.(scale, ground !== undefined);
        return scale;
      };

      return source.pipe(
        map((answer) => {
          if (answer.depth.kind !== 'relative') return answer;
          return { ...answer, depth: inMetres(answer.depth, scaleOf(answer)) };
        }),
      );
    });
}

function inMetres(depth: DepthMap, scale: number): DepthMap {
  return { ...depth, kind: 'metric', data: depth.data.map((value) => scale * value) };
}
