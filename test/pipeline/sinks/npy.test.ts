import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeNpy, npy } from '../../../pipeline/sinks/npy.ts';
import { depthFrame } from './depth-frames.ts';
import { emptyFolder, writeAll } from './folder.ts';

describe('npy', () => {
  it('has the header of NumPy format 1.0, padded so that the numbers are aligned to 64 bytes', () => {
    const bytes = encodeNpy({
      kind: 'metric',
      width: 3,
      height: 2,
      data: Float32Array.from([1, 2, 3, 4, 5, Number.NaN]),
    });
    expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    const length = new DataView(bytes.buffer).getUint16(8, true);
    expect((10 + length) % 64).toBe(0);
    const header = Buffer.from(bytes.subarray(10, 10 + length)).toString('latin1');
    expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/);
    const view = new DataView(bytes.buffer, 10 + length);
    expect([0, 1, 2, 3, 4, 5].map((i) => view.getFloat32(i * 4, true))).toEqual([1, 2, 3, 4, 5, Number.NaN]);
    expect(bytes.length).toBe(10 + length + 24);
  });

  it('writes float32 at the size of the footage and states kind and unit in meta.json', async () => {
    const dir = await emptyFolder();
    const answer = depthFrame(4, { width: 64, height: 32 }, { sourceSize: { width: 100, height: 50 } });
    const meta = await writeAll(npy, dir, [answer]);
    const bytes = await readFile(join(dir, 'npy/000004.npy'));
    expect(bytes.toString('latin1')).toContain("'shape': (50, 100)");
    expect(meta.meta.outputs['npy']).toMatchObject({ type: 'float32', kind: 'metric', unit: 'metres' });
    expect(await npy.finished(dir, ['000004'])).toBe(1);
  });
});
