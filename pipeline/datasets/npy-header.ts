import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';

/** What stands at the beginning of NumPy's array format. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly type: '<f4' | '<f8' | '<u2';
  /** Bytes of one number. */
  readonly width: 4 | 8 | 2;
  /** Where the numbers begin. */
  readonly start: number;
}

/** Bytes that hold any header of an array of numbers. */
export const LONGEST_HEADER = 65_536;

/**
 * The header of a NumPy array (numpy.lib.format, versions 1 to 3) of float32, float64 or uint16, little-endian, C order.
 * Throws `input-format` for anything else, Python objects among them.
 *
 * @param bytes the file's first, up to {@link LONGEST_HEADER}
 */
export function npyHeader(bytes: Buffer, file: string): NpyHeader {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw npyFault(file, 'is not a NumPy file');
  const wide = bytes[6]! >= 2;
  const from = wide ? 12 : 10;
  const start = from + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', from, start);
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/
    .exec(header)?.[1]
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map(Number);
  if (start > bytes.length || !shape || shape.some((side) => !Number.isInteger(side) || side < 1)) {
    throw npyFault(file, 'has no proper header');
  }
  if (/'fortran_order':\s*True/.test(header)) throw npyFault(file, 'is in Fortran order');
  const width = type === '<f4' ? 4 : type === '<f8' ? 8 : type === '<u2' ? 2 : undefined;
  if (width === undefined) throw npyFault(file, `holds numbers of type ${type ?? 'unknown'}, not <f4, <f8 or <u2`);
  return { shape, type: type as NpyHeader['type'], width, start };
}

/** Numbers of an array from their bytes, as float32; the answer owns its memory. */
export function npyNumbers(bytes: Buffer, type: NpyHeader['type']): Float32Array {
  const width = type === '<f4' ? 4 : type === '<f8' ? 8 : 2;
  const data = new Float32Array(bytes.length / width);
  for (let i = 0, at = 0; i < data.length; i++, at += width) {
    data[i] = width === 4 ? bytes.readFloatLE(at) : width === 8 ? bytes.readDoubleLE(at) : bytes.readUInt16LE(at);
  }
  return data;
}

/** The typed error for an array file. */
export function npyFault(file: string, what: string, cause?: unknown): DepthcastError {
  return new DepthcastError('input-format', `"${path.basename(file)}" ${what}.`, {
    advice: `Save it with numpy as float32 of shape (height, width), or (frames, height, width) in one file, or leave ${file} out.`,
    facts: { file },
    cause,
  });
}
