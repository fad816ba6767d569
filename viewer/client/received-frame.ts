import type { DepthMap } from '../../frames/depth-map.ts';
import { dequantiseDepth, type QuantisedDepth, valueOfCode } from '../../frames/packed-depth.ts';
import { type DepthMessage, decodeMessage, depthCodes, type PackedDepth } from '../../frames/wire.ts';
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
  return unpackFrame(decodeMessage(bytes), previous);
}

/** The frame of a message whose header was read already; `previous` is the sequence of the frame before it. */
export async function unpackFrame(message: DepthMessage, previous?: number): Promise<ReceivedFrame> {
  const skipped = previous === undefined ? 0 : Math.max(0, message.sequence - previous - 1);
  return frameOf(message, await unpackCodes(message.depth), skipped);
}

/** The codes of a depth as it travelled. Rejects with `wire-format` when it is broken. */
export async function unpackCodes(depth: PackedDepth): Promise<Uint16Array<ArrayBuffer>> {
  const unpacked = depth.codec === 'raw' ? depth.bytes : await inflate(depth.bytes, 2 * depth.width * depth.height);
  return depthCodes(depth, unpacked);
}

/** A frame from its message and its codes, which may have been unpacked in a worker. */
export function frameOf({ depth, ...message }: DepthMessage, codes: Uint16Array, skipped: number): ReceivedFrame {
  const { kind, width, height, quantisation } = depth;
  const quantised: QuantisedDepth = { kind, width, height, quantisation, codes };
  return {
    ...message,
    quantised,
    skipped,
    depthAt(x, y) {
      const column = Math.floor(x);
      const row = Math.floor(y);
      if (!(column >= 0 && column < width && row >= 0 && row < height)) return Number.NaN;
      return valueOfCode(codes[row * width + column]!, quantisation);
    },
    depthMap: () => dequantiseDepth(quantised),
  };
}
