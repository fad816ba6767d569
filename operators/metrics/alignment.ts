import type { DepthKind, DepthMap } from '../../frames/index.ts';
import { median } from './median.ts';

/** What brings depth of one kind to the kind and scale of another: `y = scale · x + shift` in the named space. */
export interface Alignment {
  readonly from: DepthKind;
  readonly to: DepthKind;
  /** `depth`: x and y are depths. `inverse`: both are inverse depths. */
  readonly space: 'depth' | 'inverse';
  readonly scale: number;
  readonly shift: number;
}

const SAMPLES = 4096;
const FEWEST = 64;

/**
 * Robust alignment of `other` to `reference`, two maps of about the same scene at the same size.
 *
 * Depth to depth: scale = median(reference / other). As soon as one of them is `inverse`, in inverse depth: scale = the
 * ratio of the mean absolute deviations from the median, shift = what makes the medians meet (the alignment of MiDaS,
 * Ranftl et al. 2020, eq. 4). Looks at about 4,096 pixels. `undefined` where the sizes differ or fewer than 64 pixels
 * are known in both, or `other` is flat. It cannot see which of the two is right, nor motion between them: the medians
 * carry that only while most of the picture keeps its depth.
 */
export function alignmentOf(reference: DepthMap, other: DepthMap): Alignment | undefined {
  if (reference.width !== other.width || reference.height !== other.height) return undefined;
  const [from, to] = [other.kind, reference.kind];
  const space = from === 'inverse' || to === 'inverse' ? 'inverse' : 'depth';
  const pixels = reference.data.length;
  // Odd, so that the samples do not stand in columns.
  const step = Math.max(1, Math.floor(pixels / SAMPLES)) | 1;
  const x = new Float64Array(Math.ceil(pixels / step));
  const y = new Float64Array(x.length);
  let count = 0;
  for (let i = 0; i < pixels; i += step) {
    let a = other.data[i] as number;
    let b = reference.data[i] as number;
    if (space === 'inverse') {
      if (from !== 'inverse') a = 1 / a;
      if (to !== 'inverse') b = 1 / b;
    } else if (!(a > 0) || !(b > 0)) continue;
    if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
    x[count] = a;
    y[count++] = b;
  }
  if (count < FEWEST) return undefined;

  if (space === 'depth') {
    for (let i = 0; i < count; i++) x[i] = (y[i] as number) / (x[i] as number);
    return { from, to, space, scale: median(x, count), shift: 0 };
  }
  const [middleX, middleY] = [median(x, count), median(y, count)];
  let spreadX = 0;
  let spreadY = 0;
  for (let i = 0; i < count; i++) {
    spreadX += Math.abs((x[i] as number) - middleX);
    spreadY += Math.abs((y[i] as number) - middleY);
  }
  if (!(spreadX > 0)) return undefined;
  const scale = spreadY / spreadX;
  return { from, to, space, scale, shift: middleY - scale * middleX };
}

/** A new map with the alignment applied to one of its `from` kind; not positive depth becomes NaN (unknown). */
export function aligned(map: DepthMap, { to, space, scale, shift }: Alignment): DepthMap {
  const data = new Float32Array(map.data.length);
  for (let i = 0; i < data.length; i++) {
    let value = map.data[i] as number;
    if (space === 'inverse' && map.kind !== 'inverse') value = 1 / value;
    value = scale * value + shift;
    if (space === 'inverse' && to !== 'inverse') value = 1 / value;
    data[i] = to === 'inverse' || value > 0 ? value : Number.NaN;
  }
  return { width: map.width, height: map.height, kind: to, data };
}
