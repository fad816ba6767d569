import { type DepthFrame, type FallbackReason, Flow } from '../../../frames/index.ts';

const HORIZON = 0.42;
const EYE_HEIGHT = 1.5;

/** Boxes on the road: metres to the right of the middle, width, height, distance at the start, colour. */
const BOXES = [
  [-5, 2, 4, 14, [150, 90, 70]],
  [2.2, 1.8, 1.5, 9, [70, 110, 170]],
  [6, 2.5, 6, 24, [120, 125, 110]],
  [-9, 4, 7, 40, [170, 150, 120]],
  [0.2, 1.8, 1.6, 30, [190, 60, 60]],
] as const;

/** What a test may choose of a road frame. */
export interface RoadFrameOptions {
  readonly index?: number;
  readonly width?: number;
  readonly height?: number;
  readonly stream?: string;
  readonly fallbackReason?: FallbackReason;
  readonly kind?: 'metric' | 'relative' | 'inverse';
}

/**
 * A made-up road with exact depth: a plane 1.5 m below the eye, boxes that come nearer, and a sky whose depth is
 * unknown. The same index gives the same frame.
 */
export function roadFrame(options: RoadFrameOptions = {}): DepthFrame {
  const { index = 0, width = 640, height = 192, stream = 'street', kind = 'metric' } = options;
  const pixels = new Uint8Array(new SharedArrayBuffer(width * height * 3));
  const data = new Float32Array(width * height);
  const focal = width * 0.58;
  const horizon = height * HORIZON;
  const travelled = index * 0.25;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const right = (x - width / 2) / focal;
      const down = (y - horizon) / focal;
      let z = down > 0 ? EYE_HEIGHT / down : Number.POSITIVE_INFINITY;
      let colour: readonly [number, number, number] = [150 + 60 * (y / horizon), 190, 230];
      if (z < 150) {
        const across = right * z;
        const along = z + travelled;
        const isLine = Math.abs(Math.abs(across) - 3.5) < 0.1 || (Math.abs(across + 0.6) < 0.08 && along % 6 < 3);
        const grain = ((Math.floor(across * 3) ^ Math.floor(along * 3)) & 3) * 4;
        colour = isLine
          ? [235, 235, 225]
          : Math.abs(across) < 5
            ? [92 + grain, 94 + grain, 100 + grain]
            : [86, 118 + grain, 70];
      } else z = Number.NaN;
      for (const [middle, wide, high, start, paint] of BOXES) {
        const distance = start + 4 - (travelled % start);
        const isNearer = !(z <= distance);
        const lies = Math.abs(right * distance - middle) < wide / 2;
        const rises = down * distance > EYE_HEIGHT - high && down * distance < EYE_HEIGHT;
        if (!isNearer || !lies || !rises) continue;
        z = distance;
        const shade = 1 - 0.25 * ((Math.floor(right * distance * 2) + Math.floor(down * distance * 2)) & 1);
        colour = [paint[0] * shade, paint[1] * shade, paint[2] * shade];
      }
      const at = y * width + x;
      pixels.set(colour, at * 3);
      data[at] = kind === 'inverse' ? 1 / z : z;
    }
  }
  return {
    frame: {
      stream,
      index,
      name: String(index).padStart(6, '0'),
      timestamp: index / 15,
      arrivedAt: performance.now() - 30,
      width,
      height,
      pixels,
      sourceSize: { width: width * 2, height: height * 2 },
      intrinsics: { width, height, fx: focal, fy: focal, cx: width / 2, cy: horizon },
      flow: new Flow(),
    },
    depth: { kind, width, height, data },
    estimator: options.fallbackReason ? 'tc-depth-lite-single' : 'tc-depth-lite',
    fallbackReason: options.fallbackReason,
    latencyMs: 30,
    inferenceMs: 17,
    consistency: index === 0 ? undefined : { score: 0.95 + 0.04 * Math.sin(index / 3), flicker: Math.sin(index / 2) },
  };
}
