import { type FileHandle, open } from 'node:fs/promises';
import type { Size } from '../../frames/index.ts';
import { LONGEST_HEADER, npyFault, npyHeader, npyNumbers } from './npy-header.ts';
import { openZip } from './zip-archive.ts';

/** Depth of all frames in one array, shape (frames, height, width). */
export interface FrameArray extends Size {
  readonly frames: number;
  /** One frame, row-major; the answer owns its memory. */
  plane(at: number): Promise<Float32Array>;
}

/** Names under which the papers' code saves its predictions with `numpy.savez`. */
const NAMES = ['data.npy', 'arr_0.npy'];

/**
 * Reads an array of predictions as the papers' code saves them: a `.npy`, of which one frame at a time is read, or a
 * `.npz` (plain or compressed) with an array named `data` or `arr_0`, else with one array alone, which is held in
 * memory. Float32, float64 or uint16, shape (frames, height, width), a 1 allowed behind the frames. Throws
 * `input-format` and what {@link openZip} throws.
 */
export async function readFrameArray(file: string): Promise<FrameArray> {
  return /\.npz$/i.test(file) ? fromArchive(file) : fromFile(file);
}

async function fromArchive(file: string): Promise<FrameArray> {
  const zip = await openZip(file);
  try {
    const arrays = zip.names.filter((name) => name.endsWith('.npy'));
    const name = NAMES.find((known) => arrays.includes(known)) ?? (arrays.length === 1 ? arrays[0] : undefined);
    if (name === undefined) {
      throw npyFault(file, `has no array named data or arr_0, but ${arrays.slice(0, 5).join(', ') || 'none at all'}`);
    }
    const bytes = await zip.read(name);
    return arrayIn(bytes.subarray(0, LONGEST_HEADER), bytes.length, file, async (from, length) =>
      bytes.subarray(from, from + length),
    );
  } finally {
    zip.close();
  }
}

async function fromFile(file: string): Promise<FrameArray> {
  const handle = await open(file).catch((cause: unknown) => {
    throw npyFault(file, 'cannot be read', cause);
  });
  const read = async (reader: FileHandle, from: number, length: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await reader.read(bytes, 0, length, from);
    return bytes.subarray(0, bytesRead);
  };
  try {
    const { size } = await handle.stat();
    const head = await read(handle, 0, LONGEST_HEADER);
    return arrayIn(head, size, file, async (from, length) => {
      // Opened for each plane, so that there is nothing to close.
      const reader = await open(file);
      try {
        return await read(reader, from, length);
      } finally {
        await reader.close();
      }
    });
  } finally {
    await handle.close();
  }
}

function arrayIn(
  head: Buffer,
  bytes: number,
  file: string,
  read: (from: number, length: number) => Promise<Buffer>,
): FrameArray {
  const { shape, type, width: wide, start } = npyHeader(head, file);
  const [frames, height, width] = (shape.length === 4 && shape[1] === 1 ? shape.toSpliced(1, 1) : shape) as [
    number,
    number,
    number,
  ];
  if (width === undefined || shape.length > 4 || (shape.length === 4 && shape[1] !== 1)) {
    throw npyFault(file, `has the shape (${shape.join(', ')}), not (frames, height, width)`);
  }
  const length = width * height * wide;
  if (bytes - start !== frames * length) throw npyFault(file, 'is shorter or longer than its header says');
  return {
    frames,
    width,
    height,
    async plane(at) {
      const found = await read(start + at * length, length);
      if (found.length !== length) throw npyFault(file, 'became shorter while it was read');
      return npyNumbers(found, type);
    },
  };
}
