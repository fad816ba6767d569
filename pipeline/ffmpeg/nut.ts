import type { Size } from '../../frames/index.ts';
import {
  broken,
  type FrameCode,
  NEED_MORE,
  NutBytes,
  type NutHeader,
  type NutStream,
  readMain,
  readStream,
} from './nut-header.ts';

/** One picture out of a NUT stream. */
export interface NutPicture {
  /** Presentation time in microseconds, exact. */
  readonly microseconds: number;
  /** RGB, row-major, 3 bytes a pixel, in memory of its own. */
  readonly pixels: Uint8Array<SharedArrayBuffer>;
}

const FILE_ID = Buffer.from('nut/multimedia container\0', 'latin1');
const MAIN = 0x4e4d7a561f5f04adn;
const STREAM = 0x4e5311405bf2f9dbn;
const SYNCPOINT = 0x4e4be4adeeca4569n;
const N = 0x4e;

const CODED_PTS = 8;
const STREAM_ID = 16;
const SIZE_MSB = 32;
const CHECKSUM = 64;
const RESERVED = 128;
const SIDE_DATA = 256;
const HEADER_INDEX = 1024;
const MATCH_TIME = 2048;
const CODED = 4096;
const INVALID = 8192;

/** Longest packet that is not a picture. */
const LONGEST_PACKET = 1 << 20;

/**
 * Takes a NUT stream apart as its bytes arrive: one video stream, rawvideo in rgb24, as ffmpeg writes it with
 * `-c:v rawvideo -pix_fmt rgb24 -f nut -write_index 0`. Each picture is copied once, from the pipe's chunks straight
 * into its own SharedArrayBuffer.
 *
 * Anything else throws `decoder-output`; nothing larger than a picture of the announced size is ever allocated, whatever
 * the bytes say. Format: https://www.ffmpeg.org/~michael/nut.txt
 */
export class NutReader {
  readonly #maxPixels: number;
  #kept: Buffer | undefined;
  #started = false;
  #header: NutHeader | undefined;
  #stream: NutStream | undefined;
  #lastPts = 0;
  #picture: NutPicture | undefined;
  #filled = 0;

  /** `maxPixels` bounds width × height of what the stream may announce. */
  constructor(maxPixels = 35_389_440) {
    this.#maxPixels = maxPixels;
  }

  /** Size of the pictures, known once the stream's header has been read. */
  get size(): Size | undefined {
    return this.#stream;
  }

  /** True between pictures: an end of the stream here is a clean one. */
  get complete(): boolean {
    return this.#picture === undefined && this.#kept === undefined;
  }

  /** Takes the next bytes and hands over each picture that they complete, in order. */
  push(chunk: Uint8Array, emit: (picture: NutPicture) => void): void {
    let rest: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (;;) {
      rest = this.#fill(rest, emit);
      if (this.#picture || (rest.length === 0 && this.#kept === undefined)) return;
      const kept = this.#kept;
      // Headers are small: the bytes kept from before need only the beginning of this chunk, not a copy of it all.
      for (let take = kept ? Math.min(rest.length, 256) : rest.length; ; take = Math.min(rest.length, take * 4)) {
        const view = kept ? Buffer.concat([kept, rest.subarray(0, take)]) : rest;
        const used = this.#element(new NutBytes(view));
        if (used !== NEED_MORE) {
          this.#kept = undefined;
          rest = rest.subarray(used - (kept?.length ?? 0));
          break;
        }
        if (take < rest.length) continue;
        if (view.length > LONGEST_PACKET + 64) throw broken('a packet is longer than 1 MiB');
        this.#kept = kept ? view : Buffer.from(view);
        return;
      }
    }
  }

  /** Copies what belongs to the picture under way; returns the bytes behind it. */
  #fill(bytes: Buffer, emit: (picture: NutPicture) => void): Buffer {
    const picture = this.#picture;
    if (!picture) return bytes;
    const take = Math.min(bytes.length, picture.pixels.length - this.#filled);
    picture.pixels.set(take === bytes.length ? bytes : bytes.subarray(0, take), this.#filled);
    this.#filled += take;
    if (this.#filled === picture.pixels.length) {
      this.#picture = undefined;
      emit(picture);
    }
    return bytes.subarray(take);
  }

  /** Reads one packet or one frame header; returns the bytes it took. */
  #element(bytes: NutBytes): number {
    if (!this.#started) {
      if (bytes.left < FILE_ID.length) return NEED_MORE;
      if (!bytes.take(FILE_ID.length).equals(FILE_ID)) throw broken('it does not begin as NUT');
      this.#started = true;
      return bytes.at;
    }
    if (bytes.left < 1) return NEED_MORE;
    return bytes.peek() === N ? this.#packet(bytes) : this.#frame(bytes);
  }

  #packet(bytes: NutBytes): number {
    const code = bytes.u64();
    const length = bytes.varint();
    if (bytes.short) return NEED_MORE;
    if (length > LONGEST_PACKET) throw broken('a packet is longer than 1 MiB');
    if (length > 4096) bytes.skip(4);
    if (bytes.left < length) return NEED_MORE;
    const end = bytes.at + length;
    const body = new NutBytes(bytes.take(length));
    if (code === MAIN) this.#header = readMain(body);
    else if (code === STREAM) this.#stream ??= readStream(body, this.#header, this.#maxPixels);
    else if (code === SYNCPOINT) {
      if (!this.#header || !this.#stream) throw broken('a syncpoint stands before the headers');
      const time = body.varint();
      const base = this.#header.timeBases[time % this.#header.timeBases.length]!;
      const value = Math.floor(time / this.#header.timeBases.length);
      // Into the stream's own units, as the specification has it: a syncpoint is the reference of the pts after it.
      this.#lastPts = Math.floor((value * base.num * this.#stream.base.den) / (base.den * this.#stream.base.num));
    }
    if (body.short) throw broken('a packet ends too early');
    return end;
  }

  #frame(bytes: NutBytes): number {
    const stream = this.#stream;
    if (!this.#header || !stream) throw broken('a picture stands before the headers');
    const code: FrameCode = this.#header.codes[bytes.byte()]!;
    let flags = code.flags;
    if (flags & CODED) flags ^= bytes.varint() & 0xffff;
    if (flags & INVALID) throw broken('an invalid frame code');
    const id = flags & STREAM_ID ? bytes.varint() : code.stream;
    const pts = flags & CODED_PTS ? this.#pts(bytes.varint(), stream) : this.#lastPts + code.ptsDelta;
    let size = code.sizeLow;
    if (flags & SIZE_MSB) size += bytes.varint() * code.sizeMultiplier;
    if (flags & MATCH_TIME) bytes.varint();
    const elided = flags & HEADER_INDEX ? bytes.varint() : code.headerIndex;
    const reserved = flags & RESERVED ? bytes.varint() : code.reserved;
    if (reserved > 16 && !bytes.short) throw broken('too many reserved fields');
    for (let i = 0; i < reserved; i++) bytes.varint();
    if (flags & CHECKSUM) bytes.skip(4);
    if (bytes.short) return NEED_MORE;
    if (id !== 0) throw broken(`a frame of stream ${id}`);
    if (flags & SIDE_DATA || elided !== 0) throw broken('a frame with side data or an elided header');
    const wanted = stream.width * stream.height * 3;
    if (size !== wanted) throw broken(`a picture of ${size} bytes, not ${wanted}`);
    if (!Number.isSafeInteger(pts)) throw broken('a time out of range');
    this.#lastPts = pts;
    const microseconds = Math.round((pts * 1e6 * stream.base.num) / stream.base.den);
    this.#picture = { microseconds, pixels: new Uint8Array(new SharedArrayBuffer(wanted)) };
    this.#filled = 0;
    return bytes.at;
  }

  /** Short times are the low bits of the time, next to the one before. */
  #pts(coded: number, stream: NutStream): number {
    const span = 2 ** stream.ptsShift;
    if (coded >= span) return coded - span;
    const low = this.#lastPts - Math.floor((span - 1) / 2);
    return low + ((((coded - low) % span) + span) % span);
  }
}
