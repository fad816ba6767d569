import { readFile } from 'node:fs/promises';
import type { Size } from '../../frames/index.ts';
import { npyFault, npyHeader, npyNumbers } from './npy-header.ts';

/** One picture of numbers. */
export interface NumberGrid extends Size {
  /** Row-major. */
  readonly data: Float32Array;
}

/**
 * Reads one picture from a NumPy file: float32, float64 or uint16 in little-endian C order, shape (height, width),
 * with leading 1s allowed. Throws `input-format` for anything else.
 */
export async function readNpy(file: string): Promise<NumberGrid> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw npyFault(file, 'cannot be read', cause);
  });
  const { shape, type, width: wide, start } = npyHeader(bytes, file);
  const [height, width] = shape.slice(-2) as [number, number];
  if (shape.length < 2 || shape.slice(0, -2).some((side) => side !== 1)) {
    throw npyFault(file, `has the shape (${shape.join(', ')}), not (height, width)`);
  }
  if (bytes.length - start !== width * height * wide) throw npyFault(file, 'is shorter or longer than its header says');
  return { width, height, data: npyNumbers(bytes.subarray(start), type) };
}
