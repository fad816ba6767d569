import type { Size } from '../../../frames/index.ts';

/*
 * Raw RGB pictures with their true times, as a Matroska stream (RFC 9559): the one container that every ffmpeg reads
 * from a pipe, that holds uncompressed RGB, and that is small enough to write by hand. Plain rawvideo has no times.
 */

const UNKNOWN_LENGTH = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/** Everything before the first picture. Written once; times count in microseconds. */
export function matroskaHead(size: Size): Uint8Array {
  return Uint8Array.from([
    ...element(
      [0x1a, 0x45, 0xdf, 0xa3],
      [
        ...element([0x42, 0x82], text('matroska')),
        ...element([0x42, 0x87], number(4)),
        ...element([0x42, 0x85], number(2)),
      ],
    ),
    ...[0x18, 0x53, 0x80, 0x67],
    ...UNKNOWN_LENGTH,
    ...element(
      [0x15, 0x49, 0xa9, 0x66],
      [
        // One tick is 1,000 ns.
        ...element([0x2a, 0xd7, 0xb1], number(1000)),
        ...element([0x4d, 0x80], text('depthcast')),
        ...element([0x57, 0x41], text('depthcast')),
      ],
    ),
    ...element(
      [0x16, 0x54, 0xae, 0x6b],
      [
        ...element(
          [0xae],
          [
            ...element([0xd7], number(1)),
            ...element([0x73, 0xc5], number(1)),
            ...element([0x83], number(1)),
            ...element([0x9c], number(0)),
            ...element([0x86], text('V_UNCOMPRESSED')),
            ...element(
              [0xe0],
              [
                ...element([0xb0], number(size.width)),
                ...element([0xba], number(size.height)),
                // FourCC of packed 24-bit RGB as ffmpeg knows it.
                ...element([0x2e, 0xb5, 0x24], [...text('RGB'), 24]),
              ],
            ),
          ],
        ),
      ],
    ),
  ]);
}

/** What stands before one picture of `bytes` bytes shown at `seconds`: a cluster of its own, so that any time fits. */
export function matroskaFrameHead(seconds: number, bytes: number): Uint8Array {
  const time = element([0xe7], number(Math.max(0, Math.round(seconds * 1e6))));
  const block = [0xa3, ...length(bytes + 4), 0x81, 0, 0, 0x80];
  return Uint8Array.from([0x1f, 0x43, 0xb6, 0x75, ...length(time.length + block.length + bytes), ...time, ...block]);
}

function element(id: readonly number[], content: readonly number[]): number[] {
  return [...id, ...length(content.length), ...content];
}

/** An EBML length of eight bytes, whatever it is: simple, and long enough. */
function length(value: number): number[] {
  return [0x01, ...bytesOf(value, 7)];
}

function number(value: number): number[] {
  return bytesOf(value, 8);
}

function bytesOf(value: number, count: number): number[] {
  const bytes: number[] = [];
  for (let i = count - 1; i >= 0; i--) bytes.push(Math.floor(value / 256 ** i) % 256);
  return bytes;
}

function text(value: string): number[] {
  return [...value].map((letter) => letter.charCodeAt(0));
}
