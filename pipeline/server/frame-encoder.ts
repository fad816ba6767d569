import { promisify } from 'node:util';
import { constants, deflateRaw } from 'node:zlib';
import sharp from 'sharp';
import {
  type DepthFrame,
  encodeMessage,
  type PackedDepth,
  quantiseDepth,
  toRawBytes,
  toResidualPlanes,
} from '../../frames/index.ts';

/** How frames are packed for viewers. */
export interface EncodingOptions {
  /** JPEG quality, 1…100; 80 by default. Chroma is halved, as cameras do. */
  readonly jpegQuality?: number | undefined;
  /**
   * `residual-deflate` (default) costs about a millisecond of one core more than `raw` at 640 × 192 and sends about a
   * sixth of the bytes.
   */
  readonly depthCodec?: PackedDepth['codec'] | undefined;
}

/** Where a frame stands in what its stream published; see DepthMessage. */
export interface FramePlace {
  readonly sequence: number;
  readonly dropped: number;
}

const deflate = promisify<Uint8Array, { level: number; strategy: number }, Buffer>(deflateRaw);

// Residuals of smooth depth are runs with short codes between them: looking for runs alone packs them better than a
// full search at the same level, in less time.
const DEFLATE = { level: 1, strategy: constants.Z_RLE };

/**
 * The message of one frame, made once for all viewers. JPEG and deflate run in libuv's pool at the same time; only the
 * quantisation (about a millisecond at 640 × 192) runs on the calling thread.
 */
export async function encodeFrame(frame: DepthFrame, place: FramePlace, options: EncodingOptions): Promise<Uint8Array> {
  const { frame: target, depth } = frame;
  const picture = encodePicture(frame, options.jpegQuality ?? 80);
  const [jpeg, packed] = await Promise.all([picture, packDepth(frame, options.depthCodec ?? 'residual-deflate')]);
  return encodeMessage({
    ...place,
    stream: target.stream,
    frameIndex: target.index,
    timestamp: target.timestamp,
    capturedAt: performance.timeOrigin + target.arrivedAt,
    latencyMs: frame.latencyMs,
    inferenceMs: frame.inferenceMs,
    sourceSize: target.sourceSize,
    // The header states one camera, at the size of the depth.
    intrinsics: target.width === depth.width && target.height === depth.height ? target.intrinsics : undefined,
    consistency: frame.consistency,
    estimator: frame.estimator,
    fallbackReason: frame.fallbackReason,
    picture: jpeg,
    depth: packed,
  });
}

async function packDepth({ depth }: DepthFrame, codec: PackedDepth['codec']): Promise<PackedDepth> {
  const quantised = quantiseDepth(depth);
  const { kind, width, height, quantisation } = quantised;
  const bytes = codec === 'raw' ? toRawBytes(quantised.codes) : await deflate(toResidualPlanes(quantised), DEFLATE);
  return { kind, width, height, quantisation, codec, bytes };
}

function encodePicture({ frame }: DepthFrame, quality: number): Promise<Buffer> {
  return sharp(frame.pixels, { raw: { width: frame.width, height: frame.height, channels: 3 } })
    .jpeg({ quality, mozjpeg: false, chromaSubsampling: '4:2:0' })
    .toBuffer();
}
