import { DepthcastError, type Size } from '../../frames/index.ts';

/** Returned instead of a length where the bytes do not suffice yet. */
export const NEED_MORE = -1;

/** One of the 256 one-byte shorthands that a NUT stream defines for its frame headers. */
export interface FrameCode {
  readonly flags: number;
  readonly stream: number;
  readonly sizeMultiplier: number;
  readonly sizeLow: number;
  readonly ptsDelta: number;
  readonly reserved: number;
  readonly headerIndex: number;
}

/** What the main header says. */
export interface NutHeader {
  /** Seconds a unit, as `num / den`. */
  readonly timeBases: readonly TimeBase[];
  readonly codes: readonly FrameCode[];
}

/** One unit of time, `num / den` seconds. */
export interface TimeBase {
  readonly num: number;
  readonly den: number;
}

/** What the header of the one video stream says. */
export interface NutStream extends Size {
  readonly base: TimeBase;
  /** Coded times below `2 ** ptsShift` are low bits only. */
  readonly ptsShift: number;
}

const INVALID: FrameCode = {
  flags: 8192,
  stream: 0,
  sizeMultiplier: 1,
  sizeLow: 0,
  ptsDelta: 0,
  reserved: 0,
  headerIndex: 0,
};

/** A cursor over bytes. Reading past their end gives 0 and sets {@link NutBytes.short}; it never throws for that. */
export class NutBytes {
  at = 0;
  /** True once something was read past the end. */
  short = false;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  peek(): number {
    return this.#bytes[this.at] ?? 0;
  }

  byte(): number {
    if (this.at >= this.#bytes.length) {
      this.short = true;
      return 0;
    }
    return this.#bytes[this.at++]!;
  }

  u64(): bigint {
    if (this.left < 8) {
      this.short = true;
      return 0n;
    }
    this.at += 8;
    return this.#bytes.readBigUInt64BE(this.at - 8);
  }

  skip(count: number): void {
    if (count > this.left) {
      this.short = true;
      return;
    }
    this.at += count;
  }

  take(count: number): Buffer {
    const start = this.at;
    this.skip(count);
    return this.#bytes.subarray(start, this.at);
  }

  /** NUT's `v`: seven bits a byte, the highest first. At most 9 bytes; above 2^53 it loses low bits. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < 9; i++) {
      const byte = this.byte();
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
    throw broken('a number is longer than 9 bytes');
  }

  /** NUT's `s`: the same with a sign. */
  signed(): number {
    const coded = this.varint() + 1;
    return coded % 2 === 1 ? -Math.floor(coded / 2) : coded / 2;
  }
}

/** Reads the body of a main header packet. */
export function readMain(bytes: NutBytes): NutHeader {
  const version = bytes.varint();
  if (version < 2 || version > 4) throw broken(`NUT version ${version}`);
  if (version > 3) bytes.varint();
  const streams = bytes.varint();
  if (streams !== 1) throw broken(`${streams} streams`);
  bytes.varint();
  const bases = bytes.varint();
  if (bases < 1 || bases > 16) throw broken(`${bases} time bases`);
  const timeBases: TimeBase[] = [];
  for (let i = 0; i < bases; i++) timeBases.push(timeBase(bytes.varint(), bytes.varint()));
  return { timeBases, codes: frameCodes(bytes) };
}

/** The table of shorthands is run-length coded: each run changes some fields and covers `count` codes. */
function frameCodes(bytes: NutBytes): FrameCode[] {
  const codes: FrameCode[] = [];
  let ptsDelta = 0;
  let sizeMultiplier = 1;
  let stream = 0;
  let headerIndex = 0;
  while (codes.length < 256) {
    const flags = bytes.varint();
    const fields = bytes.varint();
    if (fields > 32) throw broken('a frame code of too many fields');
    if (fields > 0) ptsDelta = bytes.signed();
    if (fields > 1) sizeMultiplier = bytes.varint();
    if (fields > 2) stream = bytes.varint();
    const sizeLow = fields > 3 ? bytes.varint() : 0;
    const reserved = fields > 4 ? bytes.varint() : 0;
    const count = fields > 5 ? bytes.varint() : sizeMultiplier - sizeLow;
    if (fields > 6) bytes.signed();
    if (fields > 7) headerIndex = bytes.varint();
    for (let i = 8; i < fields; i++) bytes.varint();
    // A run of no codes would keep this loop going for ever.
    if (bytes.short || count < 1 || count > 256) throw broken('its table of frame codes is damaged');
    for (let i = 0; i < count && codes.length < 256; i++) {
      // 'N' begins a packet and is never a frame code.
      if (codes.length === 0x4e) codes.push(INVALID);
      if (codes.length === 256) break;
      codes.push({ flags, stream, sizeMultiplier, sizeLow: sizeLow + i, ptsDelta, reserved, headerIndex });
    }
  }
  return codes;
}

/** Reads the body of a stream header packet: rawvideo in rgb24 of at most `maxPixels`, or it throws. */
export function readStream(bytes: NutBytes, header: NutHeader | undefined, maxPixels: number): NutStream {
  if (!header) throw broken('a stream header stands before the main header');
  if (bytes.varint() !== 0) throw broken('more than one stream');
  if (bytes.varint() !== 0) throw broken('a stream that is not video');
  const fourcc = bytes.take(Math.min(bytes.varint(), 64)).toString('latin1');
  if (fourcc !== 'RGB\x18') throw broken(`pictures of format "${fourcc.replace(/[^ -~]/g, '?')}"`);
  const base = header.timeBases[bytes.varint()];
  if (!base) throw broken('a time base that is not there');
  const ptsShift = bytes.varint();
  if (ptsShift > 16) throw broken('a time code that is too long');
  bytes.varint();
  bytes.varint();
  bytes.varint();
  bytes.take(Math.min(bytes.varint(), 4096));
  const width = bytes.varint();
  const height = bytes.varint();
  if (bytes.short || width < 1 || height < 1 || width * height > maxPixels) {
    throw broken(`pictures of ${width}x${height}`);
  }
  return { width, height, base, ptsShift };
}

function timeBase(num: number, den: number): TimeBase {
  if (num < 1 || den < 1 || num > 0x7fffffff || den > 0x7fffffff) throw broken(`a time base of ${num}/${den}`);
  return { num, den };
}

/** The error of a stream that is not what was asked for. */
export function broken(why: string): DepthcastError {
  return new DepthcastError('decoder-output', `ffmpeg sent a stream that cannot be read: ${why}.`, {
    advice: 'Set FFMPEG_PATH to another ffmpeg; if it persists, report it with the version of ffmpeg.',
    facts: { why },
  });
}
