import { join } from 'node:path';
import type { DepthFrame, DepthMap } from '../../frames/index.ts';
import { resizeDepth } from '../../frames/resize-depth.ts';
import type { DepthSink } from '../../operators/depth-sink.ts';
import { makeFolder, writeAtomically } from '../files/atomic-file.ts';
import { finishedFiles } from './folder/finished-files.ts';
import type { FolderSink, FolderSinkOptions } from './folder/folder-sink.ts';

/**
 * `DIR/npy/NAME.npy`: float32 at the footage's own size, shape (height, width), NaN = unknown, for `numpy.load`.
 *
 * Metres for `metric` maps, else the map's own kind as meta.json states it.
 */
export const npy: FolderSink = {
  name: 'npy',
  finished: (dir, names) => finishedFiles(join(dir, 'npy'), '.npy', names),
  async open({ dir, meta }: FolderSinkOptions): Promise<DepthSink> {
    const folder = join(dir, 'npy');
    await makeFolder(folder);
    await meta.describe('npy', {
      files: 'npy/NAME.npy',
      type: 'float32',
      kind: meta.meta.kind,
      unit: meta.meta.unit,
      unknown: 'NaN',
      size: meta.meta.size,
    });
    return {
      async write(answer: DepthFrame): Promise<void> {
        const map = resizeDepth(answer.depth, answer.frame.sourceSize);
        await writeAtomically(join(folder, `${answer.frame.name}.npy`), encodeNpy(map));
      },
      async close(): Promise<void> {},
    };
  },
};

/**
 * A depth map in NumPy's file format, version 1.0: magic, version, a header padded with spaces so that the numbers begin
 * at a multiple of 64 bytes, then little-endian float32 in C order (numpy.lib.format).
 */
export function encodeNpy(map: DepthMap): Uint8Array {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${map.height}, ${map.width}), }`;
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + map.data.length * 4);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(bytes.buffer);
  view.setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(length - 11)}\n`), 10);
  // Typed arrays have the machine's byte order, which is little-endian wherever onnxruntime runs.
  new Float32Array(bytes.buffer, length).set(map.data);
  return bytes;
}
