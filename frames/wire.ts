import type { CameraIntrinsics, Size } from './camera.ts';
import type { Consistency } from './depth-frame.ts';
import type { DepthKind } from './depth-map.ts';
import { DepthcastError } from './errors.ts';
import { type DepthQuantisation, fromRawBytes, fromResidualPlanes } from './packed-depth.ts';

/** WebSocket subprotocol of depth messages. */
export const WIRE_PROTOCOL = 'depthcast.v1';

/** Most pixels a message may claim, so that a forged header cannot ask a reader for gigabytes. */
export const MAX_WIRE_PIXELS = 1 << 24;

const MAGIC = 0x54534344; // 'DCST' read as little-endian
const VERSION = 1;
const TYPE_DEPTH = 1;
const HEADER_BYTES = 108;
const KINDS: readonly DepthKind[] = ['metric', 'relative', 'inverse'];
const MAPPINGS: readonly DepthQuantisation['mapping'][] = ['reciprocal', 'linear'];
const CODECS: readonly DepthCodec[] = ['raw', 'residual-deflate', 'none'];

/**
 * How the depth bytes are packed: `raw` = uint16 little-endian, `residual-deflate` = residual planes, raw DEFLATE,
 * `none` = the viewer asked for no depth; the size is still stated.
 */
export type DepthCodec = 'raw' | 'residual-deflate' | 'none';

/** The depth of a message as it travels. */
export interface PackedDepth extends Size {
  readonly kind: DepthKind;
  readonly quantisation: DepthQuantisation;
  readonly codec: DepthCodec;
  readonly bytes: Uint8Array;
}

/** One depth answer on its way to a viewer. The bytes are laid out in docs/protocol.md. */
export interface DepthMessage {
  /** Name of the stream. */
  readonly stream: string;
  /** Answers published on this stream before this one, whether sent or not: a hole is what this viewer was spared. */
  readonly sequence: number;
  /** Position of the frame in its source. */
  readonly frameIndex: number;
  /** Frames of the source that were let go before estimation since the stream began. */
  readonly dropped: number;
  /** Media time in seconds. */
  readonly timestamp: number;
  /** When the frame left the decoder, in Unix milliseconds of the server's clock. */
  readonly capturedAt: number;
  /** Milliseconds from there to the answer. */
  readonly latencyMs: number;
  /** Milliseconds inside the model alone. */
  readonly inferenceMs: number;
  /** Size of the picture in the footage. */
  readonly sourceSize: Size;
  /** Camera at the depth's size, where known. */
  readonly intrinsics?: CameraIntrinsics | undefined;
  readonly consistency?: Consistency | undefined;
  /** Id of the model that answered. */
  readonly estimator: string;
  /** Why the single-frame model answered; absent when the multi-frame model did. */
  readonly fallbackReason?: string | undefined;
  /** The frame as JPEG; empty when there is none. */
  readonly picture: Uint8Array;
  readonly depth: PackedDepth;
}

/** The bytes of a message. Throws `wire-format` for what the format cannot carry (a name over 255 bytes, a huge size). */
export function encodeMessage(message: DepthMessage): Uint8Array<ArrayBuffer> {
  const { depth, picture, intrinsics, consistency, sourceSize } = message;
  checkSize(depth);
  const strings = [message.stream, message.estimator, message.fallbackReason ?? ''].map((text) => {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > 255) throw malformed(`the text '${text.slice(0, 32)}…' is over 255 bytes`);
    return bytes;
  });
  const textBytes = strings.reduce((sum, text) => sum + text.length, 0);
  const bytes = new Uint8Array(HEADER_BYTES + textBytes + picture.length + depth.bytes.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, TYPE_DEPTH);
  view.setUint16(6, HEADER_BYTES, true);
  view.setUint8(8, KINDS.indexOf(depth.kind));
  view.setUint8(9, MAPPINGS.indexOf(depth.quantisation.mapping));
  view.setUint8(10, CODECS.indexOf(depth.codec));
  view.setUint8(11, picture.length > 0 ? 1 : 0);
  view.setUint32(12, message.sequence, true);
  view.setUint32(16, message.frameIndex, true);
  view.setUint32(20, message.dropped, true);
  view.setFloat64(24, message.timestamp, true);
  view.setFloat64(32, message.capturedAt, true);
  view.setFloat32(40, message.latencyMs, true);
  view.setFloat32(44, message.inferenceMs, true);
  view.setUint16(48, depth.width, true);
  view.setUint16(50, depth.height, true);
  view.setUint16(52, sourceSize.width, true);
  view.setUint16(54, sourceSize.height, true);
  view.setFloat64(56, depth.quantisation.offset, true);
  view.setFloat64(64, depth.quantisation.scale, true);
  view.setFloat32(72, intrinsics?.fx ?? Number.NaN, true);
  view.setFloat32(76, intrinsics?.fy ?? Number.NaN, true);
  view.setFloat32(80, intrinsics?.cx ?? Number.NaN, true);
  view.setFloat32(84, intrinsics?.cy ?? Number.NaN, true);
  view.setFloat32(88, consistency?.score ?? Number.NaN, true);
  view.setFloat32(92, consistency?.flicker ?? Number.NaN, true);
  view.setUint32(96, picture.length, true);
  view.setUint32(100, depth.bytes.length, true);
  let at = HEADER_BYTES;
  strings.forEach((text, i) => {
    view.setUint8(104 + i, text.length);
    bytes.set(text, at);
    at += text.length;
  });
  bytes.set(picture, at);
  bytes.set(depth.bytes, at + picture.length);
  return bytes;
}

/**
 * The message in some bytes; `picture` and `depth.bytes` are views of them. Unknown bytes at the end of the header are
 * skipped, so that a later server may add fields.
 *
 * Throws `wire-format` for anything else than a whole, well-formed message of version 1.
 */
export function decodeMessage(bytes: Uint8Array): DepthMessage {
  if (bytes.length < HEADER_BYTES) throw malformed(`${bytes.length} bytes are too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw malformed('it does not begin with DCST');
  if (view.getUint8(4) !== VERSION) throw malformed(`its version is ${view.getUint8(4)}, not ${VERSION}`);
  if (view.getUint8(5) !== TYPE_DEPTH) throw malformed(`its type ${view.getUint8(5)} is unknown`);
  const headerBytes = view.getUint16(6, true);
  if (headerBytes < HEADER_BYTES) throw malformed(`its header of ${headerBytes} bytes is too short`);
  if (view.getUint8(11) > 1) throw malformed(`its picture codec ${view.getUint8(11)} is unknown`);
  const lengths = [0, 1, 2]
    .map((i) => view.getUint8(104 + i))
    .concat(view.getUint32(96, true), view.getUint32(100, true));
  let end = headerBytes;
  const [stream, estimator, reason, picture, depth] = lengths.map((length) => {
    end += length;
    return bytes.subarray(end - length, end);
  }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  if (end !== bytes.length) throw malformed(`its parts make ${end} bytes, it has ${bytes.length}`);
  if (view.getUint8(11) === 0 && picture.length > 0) throw malformed('it has picture bytes but no picture codec');
  const fallbackReason = textOf(reason);
  const score = view.getFloat32(88, true);
  const packed = depthOf(view, depth);
  return {
    stream: textOf(stream),
    sequence: view.getUint32(12, true),
    frameIndex: view.getUint32(16, true),
    dropped: view.getUint32(20, true),
    timestamp: view.getFloat64(24, true),
    capturedAt: view.getFloat64(32, true),
    latencyMs: view.getFloat32(40, true),
    inferenceMs: view.getFloat32(44, true),
    sourceSize: { width: view.getUint16(52, true), height: view.getUint16(54, true) },
    intrinsics: intrinsicsOf(view, packed),
    consistency: Number.isNaN(score) ? undefined : { score, flicker: view.getFloat32(92, true) },
    estimator: textOf(estimator),
    fallbackReason: fallbackReason === '' ? undefined : fallbackReason,
    picture,
    depth: packed,
  };
}

/**
 * The codes of a message's depth. Inflating is the reader's business (zlib, DecompressionStream), so `bytes` are the
 * depth bytes for `raw` and the inflated ones for `residual-deflate`. Without depth (`none`) every pixel is unknown.
 * Throws `wire-format` for a wrong length.
 */
export function depthCodes(depth: PackedDepth, bytes: Uint8Array): Uint16Array<ArrayBuffer> {
  if (depth.codec === 'none') return new Uint16Array(depth.width * depth.height);
  return depth.codec === 'raw' ? fromRawBytes(bytes, depth) : fromResidualPlanes(bytes, depth);
}

function depthOf(view: DataView, bytes: Uint8Array): PackedDepth {
  const size = { width: view.getUint16(48, true), height: view.getUint16(50, true) };
  checkSize(size);
  const kind = KINDS[view.getUint8(8)];
  const mapping = MAPPINGS[view.getUint8(9)];
  const codec = CODECS[view.getUint8(10)];
  if (kind === undefined) throw malformed(`its depth kind ${view.getUint8(8)} is unknown`);
  if (mapping === undefined) throw malformed(`its quantisation ${view.getUint8(9)} is unknown`);
  if (codec === undefined) throw malformed(`its depth codec ${view.getUint8(10)} is unknown`);
  const offset = view.getFloat64(56, true);
  const scale = view.getFloat64(64, true);
  if (!Number.isFinite(offset) || !(scale > 0 && scale < Number.POSITIVE_INFINITY)) {
    throw malformed('its quantisation is not a pair of numbers');
  }
  const expected = 2 * size.width * size.height;
  if (codec === 'raw' && bytes.length !== expected) {
    throw malformed(`it has ${bytes.length} raw depth bytes instead of ${expected}`);
  }
  if (codec === 'none' && bytes.length > 0) throw malformed(`it has no depth, and ${bytes.length} bytes of it`);
  return { ...size, kind, quantisation: { mapping, offset, scale }, codec, bytes };
}

function intrinsicsOf(view: DataView, { width, height }: Size): CameraIntrinsics | undefined {
  const [fx, fy, cx, cy] = [72, 76, 80, 84].map((at) => view.getFloat32(at, true)) as [number, number, number, number];
  return Number.isFinite(fx + fy + cx + cy) ? { width, height, fx, fy, cx, cy } : undefined;
}

function checkSize({ width, height }: Size): void {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || width > 0xffff || height > 0xffff || width * height > MAX_WIRE_PIXELS) {
    throw malformed(`a depth of ${width} × ${height} pixels does not fit`);
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('a text in it is not UTF-8');
  }
}

function malformed(why: string): DepthcastError {
  return new DepthcastError('wire-format', `Not a depth message: ${why}.`, {
    advice: 'Check that both ends speak depthcast.v1 (docs/protocol.md) and that nothing on the way alters messages.',
  });
}
