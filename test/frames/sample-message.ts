import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  type DepthMap,
  type DepthMessage,
  depthCodes,
  dequantiseDepth,
  quantiseDepth,
  toRawBytes,
  toResidualPlanes,
} from '../../frames/index.ts';

/** A depth map of 3 × 2 pixels, one of them unknown; the one of docs/protocol.md. */
export const SAMPLE: DepthMap = {
  kind: 'metric',
  width: 3,
  height: 2,
  data: new Float32Array([1, 2, 4, Number.NaN, 8, 80]),
};

/** A message with everything in it. */
export function sampleMessage(codec: 'raw' | 'residual-deflate', depth = SAMPLE): DepthMessage {
  const { kind, width, height, quantisation, codes } = quantiseDepth(depth);
  const bytes = codec === 'raw' ? toRawBytes(codes) : deflateRawSync(toResidualPlanes({ codes, width }));
  return {
    stream: 'street',
    sequence: 7,
    frameIndex: 9,
    dropped: 2,
    timestamp: 0.5,
    capturedAt: 1_760_000_000_000,
    latencyMs: 41.5,
    inferenceMs: 17.25,
    sourceSize: { width: 6, height: 4 },
    intrinsics: { width: 3, height: 2, fx: 2, fy: 2, cx: 1, cy: 0.5 },
    consistency: { score: 0.75, flicker: -1.5 },
    estimator: 'tc-depth-lite',
    fallbackReason: 'scene-cut',
    picture: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]),
    depth: { kind, width, height, quantisation, codec, bytes: new Uint8Array(bytes) },
  };
}

/** The depth map a reader makes of a message. */
export function depthOf({ depth }: DepthMessage): DepthMap {
  const bytes = depth.codec === 'residual-deflate' ? inflateRawSync(depth.bytes) : depth.bytes;
  return dequantiseDepth({ ...depth, codes: depthCodes(depth, bytes) });
}

/** The depth map that comes out of sixteen bits again. */
export function roundTrip(depth: DepthMap): Float32Array {
  return dequantiseDepth(quantiseDepth(depth)).data;
}
