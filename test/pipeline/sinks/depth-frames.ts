import { type CameraIntrinsics, type DepthFrame, type DepthKind, Flow, type Size } from '../../../frames/index.ts';

/** A depth frame of a slope: depth grows to the right and downwards and with the index; two pixels are unknown. */
export function depthFrame(
  index: number,
  { width, height }: Size = { width: 64, height: 32 },
  more: {
    readonly kind?: DepthKind;
    readonly name?: string;
    readonly sourceSize?: Size;
    readonly timestamp?: number;
    readonly intrinsics?: CameraIntrinsics;
  } = {},
): DepthFrame {
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data[y * width + x] = 2 + x * 0.5 + y * 0.25 + index;
  }
  data[0] = Number.NaN;
  data[1] = Number.POSITIVE_INFINITY;
  const pixels = new Uint8Array(new SharedArrayBuffer(width * height * 3)).fill(40 + index * 10);
  return {
    frame: {
      stream: 'test',
      index,
      name: more.name ?? String(index).padStart(6, '0'),
      timestamp: more.timestamp ?? index * 0.1,
      arrivedAt: 0,
      width,
      height,
      pixels,
      sourceSize: more.sourceSize ?? { width, height },
      intrinsics: more.intrinsics ?? { width, height, fx: width, fy: width, cx: (width - 1) / 2, cy: (height - 1) / 2 },
      flow: new Flow(),
    },
    depth: { kind: more.kind ?? 'metric', width, height, data },
    estimator: 'test-model',
    latencyMs: 12.345,
    inferenceMs: 6.789,
  };
}
