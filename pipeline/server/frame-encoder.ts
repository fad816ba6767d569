import { promisify } from 'node:util';
import { constants, deflateRaw } from 'node:zlib';
import sharp from 'sharp';
import {
  type CameraIntrinsics,
  type DepthFrame,
  encodeMessage,
  type Frame,
  type PackedDepth,
  type QuantisedDepth,
  quantiseDepth,
  scaleIntrinsics,
  toRawBytes,
  toResidualPlanes,
  VIEW_SIZES,
  type ViewWish,
  WHOLE_VIEW,
} from '../../frames/index.ts';
import { frameJpeg, toJpeg } from '../frame-jpeg.ts';
import { halveDepth } from './halve-depth.ts';

/** How frames are packed for viewers. */
export interface EncodingOptions {
  /** JPEG quality, 1…100; 80 by default. Chroma is halved, as cameras do. */
  readonly jpegQuality?: number | undefined;
  /**
   * `residual-deflate` (default) costs about a millisecond of one core more than `raw` at 640 × 192 and sends about a
   * sixth of the bytes.
   */
  readonly depthCodec?: Exclude<PackedDepth['codec'], 'none'> | undefined;
}

/** Where a frame stands in what its stream published; see DepthMessage. */
export interface FramePlace {
  readonly sequence: number;
  readonly dropped: number;
}

/** The part of a wish that messages differ by. */
export type Variant = Pick<ViewWish, 'picture' | 'depth' | 'size'>;

const deflate = promisify<Uint8Array, { level: number; strategy: number }, Buffer>(deflateRaw);

// Residuals of smooth depth are runs with short codes between them: looking for runs alone packs them better than a
// full search at the same level, in less time.
const DEFLATE = { level: 1, strategy: constants.Z_RLE };

const NOTHING = new Uint8Array(0);

/**
 * The messages of one frame: each variant is made once, when it is first asked for, and variants share their parts.
 *
 * JPEG and deflate run in libuv's pool; quantisation and residuals (about two milliseconds at 640 × 192) run on the
 * calling thread.
 */
export class FrameEncoder {
  readonly #frame: DepthFrame;
  readonly #place: FramePlace;
  readonly #options: EncodingOptions;
  readonly #messages = new Map<string, Promise<Uint8Array>>();
  readonly #depths = new Map<number, Promise<PackedDepth>>();
  readonly #pictures = new Map<number, Promise<Buffer>>();
  readonly #quantised: QuantisedDepth[] = [];

  constructor(frame: DepthFrame, place: FramePlace, options: EncodingOptions) {
    this.#frame = frame;
    this.#place = place;
    this.#options = options;
  }

  /** The message of a variant; the same bytes for everybody. Rejects for a frame that cannot be encoded. */
  message({ picture, depth, size }: Variant): Promise<Uint8Array> {
    const key = `${size} ${picture} ${depth}`;
    let message = this.#messages.get(key);
    if (!message) {
      message = this.#compose(picture, depth, VIEW_SIZES.indexOf(size));
      this.#messages.set(key, message);
    }
    return message;
  }

  /** `level`: how many times the size is halved. */
  async #compose(withPicture: boolean, withDepth: boolean, level: number): Promise<Uint8Array> {
    const { frame: target, depth } = this.#frame;
    const [jpeg, packed] = await Promise.all([
      withPicture ? this.#picture(level) : NOTHING,
      withDepth ? this.#depth(level) : this.#noDepth(level),
    ]);
    return encodeMessage({
      ...this.#place,
      stream: target.stream,
      frameIndex: target.index,
      timestamp: target.timestamp,
      capturedAt: target.capturedAt ?? performance.timeOrigin + target.arrivedAt,
      latencyMs: this.#frame.latencyMs,
      inferenceMs: this.#frame.inferenceMs,
      sourceSize: target.sourceSize,
      // The header states one camera, at the size of the depth.
      intrinsics:
        target.width === depth.width && target.height === depth.height
          ? halvedIntrinsics(target.intrinsics, level)
          : undefined,
      consistency: this.#frame.consistency,
      estimator: this.#frame.estimator,
      fallbackReason: this.#frame.fallbackReason,
      picture: jpeg,
      depth: packed,
    });
  }

  #picture(level: number): Promise<Buffer> {
    let jpeg = this.#pictures.get(level);
    if (!jpeg) {
      jpeg = encodePicture(this.#frame.frame, level, this.#options.jpegQuality ?? 80);
      this.#pictures.set(level, jpeg);
    }
    return jpeg;
  }

  #depth(level: number): Promise<PackedDepth> {
    let packed = this.#depths.get(level);
    if (!packed) {
      packed = this.#pack(level);
      this.#depths.set(level, packed);
    }
    return packed;
  }

  async #pack(level: number): Promise<PackedDepth> {
    const codes = this.#codes(level);
    return packDepth(codes, this.#options.depthCodec ?? 'residual-deflate');
  }

  #codes(level: number): QuantisedDepth {
    this.#quantised[level] ??= level === 0 ? quantiseDepth(this.#frame.depth) : halveDepth(this.#codes(level - 1));
    return this.#quantised[level];
  }

  #noDepth(level: number): PackedDepth {
    const { kind } = this.#frame.depth;
    const quantisation = { mapping: kind === 'inverse' ? 'linear' : 'reciprocal', offset: 0, scale: 1 } as const;
    return { kind, ...halvedSize(this.#frame.depth, level), quantisation, codec: 'none', bytes: NOTHING };
  }
}

/** The whole message of one frame; what a viewer gets that asked for nothing. */
export function encodeFrame(frame: DepthFrame, place: FramePlace, options: EncodingOptions): Promise<Uint8Array> {
  return new FrameEncoder(frame, place, options).message(WHOLE_VIEW);
}

async function packDepth(depth: QuantisedDepth, codec: 'raw' | 'residual-deflate'): Promise<PackedDepth> {
  const { kind, width, height, quantisation } = depth;
  const bytes = codec === 'raw' ? toRawBytes(depth.codes) : await deflate(toResidualPlanes(depth), DEFLATE);
  return { kind, width, height, quantisation, codec, bytes };
}

async function encodePicture(frame: Frame, level: number, quality: number): Promise<Buffer> {
  const { width, height } = frame;
  const halved = halvedSize(frame, level);
  if (halved.width === width) return frameJpeg(frame, quality);
  // Cut to whole blocks first, so that the scale is exactly a half or a quarter as it is for the depth.
  const factor = Math.round(width / halved.width);
  const picture = sharp(frame.pixels, { raw: { width, height, channels: 3 } })
    .extract({ left: 0, top: 0, width: halved.width * factor, height: halved.height * factor })
    .resize({ ...halved, fit: 'fill' });
  return toJpeg(picture, quality);
}

function halvedSize({ width, height }: { readonly width: number; readonly height: number }, level: number) {
  let size = { width, height };
  for (let i = 0; i < level && size.width > 1 && size.height > 1; i++) {
    size = { width: size.width >> 1, height: size.height >> 1 };
  }
  return size;
}

function halvedIntrinsics(camera: CameraIntrinsics | undefined, level: number): CameraIntrinsics | undefined {
  if (!camera) return undefined;
  const to = halvedSize(camera, level);
  const factor = 2 ** Math.round(Math.log2(camera.width / to.width));
  // Leaving out a last column or row moves no pixel; only then is the whole picture resized.
  return scaleIntrinsics({ ...camera, width: to.width * factor, height: to.height * factor }, to);
}
