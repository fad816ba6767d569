import zlib from 'node:zlib';
import type { McapTypes } from '@mcap/core';
import { DepthcastError } from '../../../frames/index.ts';

/** Node has Zstandard from 22.15 on; the typings of Node 20 do not know it. */
const zstd = (zlib as { zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array })
  .zstdDecompressSync;

/** How the chunks of an MCAP file are opened, by the compression they state. */
export const DECOMPRESSORS: McapTypes.DecompressHandlers = {
  lz4: (bytes, size) => decompressLz4(bytes, Number(size)),
  zstd(bytes, size) {
    checkSize(Number(size));
    if (zstd) return zstd(bytes, { maxOutputLength: Math.max(1, Number(size)) });
    throw new DepthcastError('input-format', 'This MCAP file is compressed with Zstandard.', {
      advice: 'Use Node 22.15 or later, or rewrite it first: mcap compress --compression lz4 in.mcap -o out.mcap',
    });
  },
};

/** Bytes of an open chunk: more than any recorder makes, and less than would harm this process. */
const LARGEST = 512 << 20;
/** LZ4 makes no byte stand for more. */
const MOST_PER_BYTE = 255;

/** What a chunk says of its size is the file's word alone. */
function checkSize(size: number): void {
  if (size <= LARGEST) return;
  throw new Error(`A chunk states ${size} bytes.`);
}

/**
 * Opens an LZ4 frame whose content has `size` bytes (LZ4 frame format 1.6 and block format). Checksums are passed over,
 * since MCAP has one of its own. Throws where the data makes no sense.
 */
export function decompressLz4(bytes: Uint8Array, size: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0x184d2204) throw new Error('This is no LZ4 frame.');
  const flags = bytes[4]!;
  // Magic, flags, block size, an optional content size and dictionary, and a checksum of the head.
  let at = 6 + ((flags & 8) !== 0 ? 8 : 0) + ((flags & 1) !== 0 ? 4 : 0) + 1;
  checkSize(size);
  if (size > bytes.length * MOST_PER_BYTE) throw new Error(`${bytes.length} bytes cannot hold ${size} in LZ4.`);
  const out = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    const length = view.getUint32(at, true);
    at += 4;
    if (length === 0) break;
    const block = bytes.subarray(at, at + (length & 0x7fff_ffff));
    at += block.length + ((flags & 16) !== 0 ? 4 : 0);
    if (length > 0x7fff_ffff) {
      out.set(block, filled);
      filled += block.length;
    } else filled = openBlock(block, out, filled);
  }
  if (filled !== size) throw new Error(`An LZ4 frame holds ${filled} bytes instead of ${size}.`);
  return out;
}

/** Opens one block behind what is there already, which it may refer to; answers how far `out` is filled. */
function openBlock(block: Uint8Array, out: Uint8Array, filled: number): number {
  let at = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (let more = 255; more === 255; ) {
      more = block[at++]!;
      length += more;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = lengthFrom(token >> 4);
    if (at + literals > block.length || filled + literals > out.length) throw new Error('An LZ4 block is damaged.');
    out.set(block.subarray(at, at + literals), filled);
    at += literals;
    filled += literals;
    // The last sequence of a block has literals only.
    if (at >= block.length) break;
    const back = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const count = lengthFrom(token & 15) + 4;
    if (back === 0 || back > filled || filled + count > out.length) throw new Error('An LZ4 block is damaged.');
    // Byte by byte on purpose: a match may reach into what it is writing.
    for (let i = 0; i < count; i++, filled++) out[filled] = out[filled - back]!;
  }
  return filled;
}
