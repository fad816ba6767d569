import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DepthcastError, type DepthFrame } from '../../frames/index.ts';
import type { DepthSink } from '../../operators/depth-sink.ts';
import { outputFailed } from '../files/atomic-file.ts';
import type { FolderSink, FolderSinkOptions } from './folder/folder-sink.ts';

const HEADER =
  'name,index,timestamp,estimator,fallback_reason,latency_ms,inference_ms,consistency,flicker_percent,min_depth,median_depth,max_depth';

/**
 * `DIR/frames.csv`: a row a frame, in order, each written before the next frame is taken (RFC 4180, header row).
 *
 * Times: `timestamp` in seconds of the footage, the others in milliseconds. Depths are of the map at the network's size,
 * in its own unit, over the pixels that are known. An empty field means that there is no such value. After a killed
 * run a half-written last row is cut off and the table goes on behind it.
 */
export const csv: FolderSink = {
  name: 'csv',
  async finished(dir): Promise<number> {
    return indexOf((await rowsOf(join(dir, 'frames.csv'))).at(-1)) + 1;
  },
  async open({ dir, from, meta }: FolderSinkOptions): Promise<DepthSink> {
    const path = join(dir, 'frames.csv');
    const kept = (await rowsOf(path)).filter((row) => indexOf(row) < from);
    if (kept.length === 0) kept.push(HEADER);
    const table = await open(path, 'a').catch((error: unknown) => {
      throw outputFailed(path, error);
    });
    // Only ever cuts: the rows that stay are not written again, so that a kill right here loses none.
    await table.truncate(kept.length === 1 ? 0 : Buffer.byteLength(kept.join('\n')) + 1);
    if (kept.length === 1) await table.write(`${HEADER}\n`);
    await meta.describe('csv', { file: 'frames.csv', depthUnit: meta.meta.unit });
    return {
      async write(answer: DepthFrame): Promise<void> {
        try {
          await table.write(`${rowOf(answer)}\n`);
        } catch (error) {
          throw outputFailed(path, error);
        }
      },
      close: () => table.close(),
    };
  },
};

/** Finished lines of the table, header first; none where there is no file. */
async function rowsOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw outputFailed(path, error);
  });
  const rows = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  if (rows[0] !== undefined && rows[0] !== HEADER) {
    throw new DepthcastError('output-exists', `${path} is a table with other columns.`, {
      advice: 'Choose another folder with --out, or move that file away.',
      facts: { path },
    });
  }
  return rows;
}

/** The frame a row is about; −1 for the header and for no row at all. */
function indexOf(row: string | undefined): number {
  return Number(/^(?:"(?:[^"]|"")*"|[^",]*),(\d+),/.exec(row ?? '')?.[1] ?? -1);
}

function rowOf({ frame, depth, estimator, fallbackReason, latencyMs, inferenceMs, consistency }: DepthFrame): string {
  const { min, median, max } = spread(depth.data);
  const fields = [
    /[",\n\r]/.test(frame.name) ? `"${frame.name.replaceAll('"', '""')}"` : frame.name,
    frame.index,
    frame.timestamp.toFixed(6),
    estimator,
    fallbackReason,
    latencyMs.toFixed(2),
    inferenceMs.toFixed(2),
    consistency?.score.toFixed(4),
    consistency?.flicker.toFixed(3),
    min?.toFixed(3),
    median?.toFixed(3),
    max?.toFixed(3),
  ];
  return fields.map((field) => field ?? '').join(',');
}

/** Smallest, middle and largest known value; all absent where nothing is known. The lower of two middles is taken. */
export function spread(data: Float32Array): { min?: number; median?: number; max?: number } {
  const known = new Float32Array(data.length);
  let count = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    // True for finite numbers only.
    if (value - value !== 0) continue;
    known[count++] = value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return count === 0 ? {} : { min, median: smallest(known, count, (count - 1) >> 1), max };
}

/** The `k`-th smallest (from 0) of the first `count` values, which are put out of order: Hoare's selection. */
function smallest(values: Float32Array, count: number, k: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) {
        const swapped = values[i]!;
        values[i++] = values[j]!;
        values[j--] = swapped;
      }
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}
