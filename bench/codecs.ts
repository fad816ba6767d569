import { promisify } from 'node:util';
import { constants, deflateRaw, inflateRaw } from 'node:zlib';
import { lastValueFrom, toArray } from 'rxjs';
import sharp from 'sharp';
import {
  type DepthFrame,
  fromRawBytes,
  fromResidualPlanes,
  type QuantisedDepth,
  quantiseDepth,
  type Size,
  toRawBytes,
  toResidualPlanes,
} from '../frames/index.ts';
import { openModel } from '../models/index.ts';
import { checkedThreads } from '../models/registry.ts';
import { depthStream } from '../pipeline/depth-stream.ts';
import { framesOf } from '../pipeline/frames-of.ts';
import { openSource } from '../pipeline/sources/registry.ts';
import { packageFile } from './package-file.ts';

/** What {@link codecs} is told. */
export interface CodecsOptions {
  /** Footage; the sample clip by default. */
  readonly source?: string | undefined;
  /** Frames that are packed; 30 by default. */
  readonly frames?: number | undefined;
  readonly threads?: number | undefined;
}

/** One way to carry 16-bit depth without loss. */
export interface CodecRow {
  readonly codec: string;
  readonly bytesPerFrame: number;
  /** Median milliseconds a frame, one after the other. */
  readonly encodeMs: number;
  readonly decodeMs: number;
  /** True when the codes came back as they were, on every frame. */
  readonly lossless: boolean;
}

/** What {@link codecs} measured. */
export interface CodecsResult {
  readonly suite: 'codecs';
  readonly size: Size;
  readonly frames: number;
  readonly rows: readonly CodecRow[];
}

interface Codec {
  readonly name: string;
  encode(depth: QuantisedDepth): Promise<Uint8Array>;
  decode(bytes: Uint8Array, size: Size): Promise<Uint16Array>;
}

const deflate = promisify<Uint8Array, { level: number; strategy: number }, Buffer>(deflateRaw);
const inflate = promisify<Uint8Array, Buffer>(inflateRaw);

const CODECS: readonly Codec[] = [
  {
    name: 'residual-deflate (ours)',
    encode: (depth) => deflate(toResidualPlanes(depth), { level: 1, strategy: constants.Z_RLE }),
    decode: async (bytes, size) => fromResidualPlanes(await inflate(bytes), size),
  },
  {
    name: 'raw',
    encode: async ({ codes }) => toRawBytes(codes),
    decode: async (bytes, size) => fromRawBytes(bytes, size),
  },
  {
    name: 'PNG16',
    encode: ({ codes, width, height }) =>
      sharp(codes, { raw: { width, height, channels: 1 } })
        .toColourspace('grey16')
        .png({ compressionLevel: 6 })
        .toBuffer(),
    decode: async (bytes) => {
      const { data, info } = await sharp(bytes)
        .toColourspace('grey16')
        .raw({ depth: 'ushort' })
        .toBuffer({ resolveWithObject: true });
      const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
      return values.filter((_, i) => i % info.channels === 0);
    },
  },
  {
    // WebP knows 8 bits only: the high bytes above the low bytes, as one grey picture.
    name: 'lossless WebP, two 8-bit planes',
    encode: ({ codes, width, height }) => {
      const planes = new Uint8Array(2 * codes.length);
      for (let i = 0; i < codes.length; i++) {
        planes[i] = codes[i]! >> 8;
        planes[codes.length + i] = codes[i]!;
      }
      return sharp(planes, { raw: { width, height: 2 * height, channels: 1 } })
        .webp({ lossless: true, effort: 0 })
        .toBuffer();
    },
    decode: async (bytes, { width, height }) => {
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      const pixels = width * height;
      return Uint16Array.from(
        { length: pixels },
        (_, i) => (data[i * info.channels]! << 8) | data[(pixels + i) * info.channels]!,
      );
    },
  },
];

/**
 * Bytes and milliseconds of our codec against others that lose nothing either, on the same codes of the same frames:
 * what the network answers on the footage. All run in Node, one frame at a time; a browser decodes ours with
 * DecompressionStream, and has no decoder that keeps the 16 bits of a PNG.
 */
export async function codecs(options: CodecsOptions = {}): Promise<CodecsResult> {
  const { source: path = packageFile('samples/street/street.mp4'), frames = 30 } = options;
  const threads = checkedThreads(options.threads);
  const size = { width: 640, height: 192 };
  const depths = (await answersOf(path, size, frames, threads)).map(({ depth }) => quantiseDepth(depth));
  const rows: CodecRow[] = [];
  for (const codec of CODECS) rows.push(await measure(codec, depths));
  return { suite: 'codecs', size, frames: depths.length, rows };
}

async function answersOf(path: string, size: Size, frames: number, threads: number): Promise<DepthFrame[]> {
  const source = await openSource(path);
  const model = await openModel('tc-depth-lite', { threads, source: source.info.size });
  const fallback = await openModel('tc-depth-lite-single', { threads, source: source.info.size });
  try {
    const footage = framesOf(source, { stream: 'codecs', size, maxFrames: frames });
    return await lastValueFrom(depthStream(footage, { model, fallback }).pipe(toArray()));
  } finally {
    await Promise.all([model.close(), fallback.close()]);
  }
}

async function measure(codec: Codec, depths: readonly QuantisedDepth[]): Promise<CodecRow> {
  const encodeMs: number[] = [];
  const decodeMs: number[] = [];
  let bytes = 0;
  let lossless = true;
  // The first frame warms the code up and is not counted.
  for (const [i, depth] of [depths[0]!, ...depths].entries()) {
    const began = performance.now();
    const packed = await codec.encode(depth);
    const encoded = performance.now();
    const codes = await codec.decode(packed, depth);
    const decoded = performance.now();
    if (i === 0) continue;
    encodeMs.push(encoded - began);
    decodeMs.push(decoded - encoded);
    bytes += packed.length;
    lossless &&= codes.length === depth.codes.length && codes.every((code, at) => code === depth.codes[at]);
  }
  return {
    codec: codec.name,
    bytesPerFrame: bytes / depths.length,
    encodeMs: median(encodeMs),
    decodeMs: median(decodeMs),
    lossless,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
