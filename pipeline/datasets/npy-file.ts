import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError, type Size } from '../../frames/index.ts';

/** One picture of numbers. */
export interface NumberGrid extends Size {
  /** Row-major. */
  readonly data: Float32Array;
}

/**
 * Reads one picture from a NumPy file: float32, float64 or uint16 in little-endian C order, shape (height, width),
 * with leading 1s allowed (numpy.lib.format, versions 1 to 3). Throws `input-format` for anything else.
 */
export async function readNpy(file: string): Promise<NumberGrid> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw fault(file, 'cannot be read', cause);
  });
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw fault(file, 'is not a NumPy file');
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', start, end);
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/
    .exec(header)?.[1]
    ?.split(',')
    .map((word) => word.trim());
  const sides = shape?.filter((word) => word !== '').map(Number);
  if (end > bytes.length || !sides || sides.some((side) => !Number.isInteger(side) || side < 1)) {
    throw fault(file, 'has no proper header');
  }
  if (/'fortran_order':\s*True/.test(header)) throw fault(file, 'is in Fortran order');
  const [height, width] = sides.slice(-2) as [number, number];
  if (sides.length < 2 || sides.slice(0, -2).some((side) => side !== 1)) {
    throw fault(file, `has the shape (${sides.join(', ')}), not (height, width)`);
  }
  const size = type === '<f4' ? 4 : type === '<f8' ? 8 : type === '<u2' ? 2 : undefined;
  if (size === undefined) throw fault(file, `holds numbers of type ${type ?? 'unknown'}, not <f4, <f8 or <u2`);
  if (bytes.length - end !== width * height * size) throw fault(file, 'is shorter or longer than its header says');
  const data = new Float32Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const at = end + i * size;
    data[i] = size === 4 ? bytes.readFloatLE(at) : size === 8 ? bytes.readDoubleLE(at) : bytes.readUInt16LE(at);
  }
  return { width, height, data };
}

function fault(file: string, what: string, cause?: unknown): DepthcastError {
  return new DepthcastError('input-format', `"${path.basename(file)}" ${what}.`, {
    advice: `Save it with numpy.save as float32 of shape (height, width), or leave ${file} out.`,
    facts: { file },
    cause,
  });
}
