import sharp from 'sharp';
import { colourTable, paintDepth, STREET_RANGE } from '../../frames/colour-map.ts';
import type { DepthMap } from '../../frames/index.ts';
import type { EvaluatedFrame } from './evaluated-frame.ts';
import type { FrameSpool } from './frame-spool.ts';

/** A picture of a bad frame. */
export interface WorstFrame {
  readonly row: EvaluatedFrame;
  /** JPEG: the picture, and right of it the predicted depth in colour. */
  readonly jpeg: Uint8Array;
}

/**
 * Pictures of the frames with the largest AbsRel, worst first: the footage and, right of it, the predicted depth, in the
 * fixed range of the viewer for metres; other kinds between their own 2nd and 98th percentile.
 */
export async function worstFrames(
  rows: readonly EvaluatedFrame[],
  kind: DepthMap['kind'],
  spool: FrameSpool,
  count = 4,
): Promise<WorstFrame[]> {
  const measured = rows.map((row, at) => ({ row, at })).filter(({ row }) => row.accuracy !== undefined);
  measured.sort((a, b) => b.row.accuracy!.absRel - a.row.accuracy!.absRel);
  const table = colourTable('turbo');
  const { width, height } = spool.size;
  const found: WorstFrame[] = [];
  for (const { row, at } of measured.slice(0, count)) {
    const { depth, pixels } = await spool.read(at);
    const both = new Uint8Array(width * height * 6);
    for (let y = 0; y < height; y++) both.set(pixels.subarray(y * width * 3, (y + 1) * width * 3), y * width * 6);
    paintDepth({ kind, width, height, data: depth }, rangeFor(kind, depth), table, both, width * 3, width * 6);
    const raw = { width: 2 * width, height, channels: 3 as const };
    found.push({ row, jpeg: await sharp(both, { raw }).jpeg({ quality: 80 }).toBuffer() });
  }
  return found;
}

function rangeFor(kind: DepthMap['kind'], depth: Float32Array): { near: number; far: number } {
  if (kind === 'metric') return STREET_RANGE;
  const known = depth.filter((value) => value > 0 && Number.isFinite(value)).sort();
  const low = known[Math.floor(known.length * 0.02)] ?? 0.1;
  const high = Math.max(known[Math.floor(known.length * 0.98)] ?? 1, low * 1.01);
  return kind === 'inverse' ? { near: high, far: low } : { near: low, far: high };
}
