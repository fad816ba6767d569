import type { DepthMap } from '../../frames/depth-map.ts';
import { dequantiseDepth, type QuantisedDepth, valueOfCode } from '../../frames/packed-depth.ts';
import { type DepthMessage, decodeMessage, depthCodes } from '../../frames/wire.ts';
import { inflate } from './inflate.ts';

/** One answer as a viewer gets it: the message's metadata, its JPEG, and depth that can be asked for. */
export interface ReceivedFrame extends Omit<DepthMessage, 'depth'> {
  /** Depth as 16-bit codes, for whoever paints through a table of colours. */
  readonly quantised: QuantisedDepth;
  /** Answers of this stream that did not reach this client between the frame before and this one. */
  readonly skipped: number;
  /**
   * Depth at a pixel of the depth map (0 ≤ x < width, 0 ≤ y < height; fractions are cut): metres for `metric`, else in
   * the kind's own unit. NaN where unknown and outside.
   */
  depthAt(x: number, y: number): number;
  /** The whole map as float32, made on each call. */
  depthMap(): DepthMap;
}

/** The frame in the bytes of a message. Rejects with `wire-format` when they are not one. */
export async function decodeFrame(bytes: Uint8Array, previous?: number): Promise<ReceivedFrame> {
  const { depth, ...message } = decodeMessage(bytes);
  const { kind, width, height, quantisation } = depth;
  const unpacked = depth.codec === 'raw' ? depth.bytes : await inflate(depth.bytes, 2 * width * height);
  const quantised: QuantisedDepth = { kind, width, height, quantisation, codes: depthCodes(depth, unpacked) };
  return {
    ...message,
    quantised,
    skipped: previous === undefined ? 0 : Math.max(0, message.sequence - previous - 1),
    depthAt(x, y) {
      const column = Math.floor(x);
      const row = Math.floor(y);
      if (!(column >= 0 && column < width && row >= 0 && row < height)) return Number.NaN;
      return valueOfCode(quantised.codes[row * width + column]!, quantisation);
    },
    depthMap: () => dequantiseDepth(quantised),
  };
}
