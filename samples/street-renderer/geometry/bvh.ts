/**
 * A tree of boxes around boxes. Node i has bounds[6i..] = min x, y, z, max x, y, z.
 * A leaf holds items first[i] .. first[i] + count[i]; an inner node has count 0, its children are first[i] and
 * first[i] + 1.
 */
export interface Bvh {
  readonly bounds: Float32Array;
  readonly first: Int32Array;
  readonly count: Int32Array;
}

const BINS = 12;

/**
 * Builds the tree by the surface-area heuristic over twelve bins (I. Wald, "On fast construction of SAH-based
 * bounding volume hierarchies", 2007). `boxes` holds six numbers an item; `order` says which item comes where.
 */
export function buildBvh(boxes: Float64Array, leafSize: number): { readonly bvh: Bvh; readonly order: Int32Array } {
  const items = boxes.length / 6;
  const order = Int32Array.from({ length: items }, (_, i) => i);
  const capacity = Math.max(1, items * 2);
  const bounds = new Float32Array(capacity * 6);
  const first = new Int32Array(capacity);
  const count = new Int32Array(capacity);
  let used = 1;

  const enclose = (from: number, to: number, out: Float32Array, at: number): void => {
    out.fill(Number.POSITIVE_INFINITY, at, at + 3);
    out.fill(Number.NEGATIVE_INFINITY, at + 3, at + 6);
    for (let i = from; i < to; i++) grow(out, at, boxes, (order[i] as number) * 6);
  };

  const split = (node: number, from: number, to: number): void => {
    enclose(from, to, bounds, node * 6);
    // 0.1 mm wider: a flat box (a wall, the road) must not be missed by rounding, which is 0.03 mm at 400 m.
    for (let k = 0; k < 3; k++) {
      bounds[node * 6 + k] = (bounds[node * 6 + k] as number) - 1e-4;
      bounds[node * 6 + 3 + k] = (bounds[node * 6 + 3 + k] as number) + 1e-4;
    }
    first[node] = from;
    count[node] = to - from;
    if (to - from <= leafSize) return;
    const cut = bestCut(boxes, order, from, to);
    let middle = cut ? partition(boxes, order, from, to, cut) : from;
    if (middle === from || middle === to) {
      if (to - from <= leafSize * 4) return;
      middle = (from + to) >> 1;
    }
    const left = used;
    used += 2;
    first[node] = left;
    count[node] = 0;
    split(left, from, middle);
    split(left + 1, middle, to);
  };

  if (items > 0) split(0, 0, items);
  return {
    bvh: { bounds: bounds.slice(0, used * 6), first: first.slice(0, used), count: count.slice(0, used) },
    order,
  };
}

interface Cut {
  readonly axis: number;
  readonly at: number;
}

function centre(boxes: Float64Array, item: number, axis: number): number {
  return ((boxes[item * 6 + axis] as number) + (boxes[item * 6 + 3 + axis] as number)) / 2;
}

function partition(boxes: Float64Array, order: Int32Array, from: number, to: number, cut: Cut): number {
  let middle = from;
  for (let i = from; i < to; i++) {
    const item = order[i] as number;
    if (centre(boxes, item, cut.axis) >= cut.at) continue;
    order[i] = order[middle] as number;
    order[middle++] = item;
  }
  return middle;
}

function bestCut(boxes: Float64Array, order: Int32Array, from: number, to: number): Cut | undefined {
  let best: Cut | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  const binBoxes = new Float64Array(BINS * 6);
  const binCount = new Int32Array(BINS);
  const sweep = new Float64Array(6);
  const leftCost = new Float64Array(BINS);
  for (let axis = 0; axis < 3; axis++) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const c = centre(boxes, order[i] as number, axis);
      if (c < low) low = c;
      if (c > high) high = c;
    }
    if (!(high > low)) continue;
    const scale = BINS / (high - low);
    binCount.fill(0);
    for (let bin = 0; bin < BINS; bin++) reset(binBoxes, bin * 6);
    for (let i = from; i < to; i++) {
      const item = order[i] as number;
      const bin = Math.min(BINS - 1, Math.floor((centre(boxes, item, axis) - low) * scale));
      binCount[bin] = (binCount[bin] as number) + 1;
      grow(binBoxes, bin * 6, boxes, item * 6);
    }
    reset(sweep, 0);
    let inside = 0;
    for (let bin = 0; bin < BINS - 1; bin++) {
      inside += binCount[bin] as number;
      grow(sweep, 0, binBoxes, bin * 6);
      leftCost[bin] = inside === 0 ? 0 : inside * area(sweep);
    }
    reset(sweep, 0);
    inside = 0;
    for (let bin = BINS - 1; bin > 0; bin--) {
      inside += binCount[bin] as number;
      grow(sweep, 0, binBoxes, bin * 6);
      const cost = (leftCost[bin - 1] as number) + (inside === 0 ? 0 : inside * area(sweep));
      if (cost >= bestCost) continue;
      bestCost = cost;
      best = { axis, at: low + bin / scale };
    }
  }
  return best;
}

function reset(out: Float64Array, at: number): void {
  out.fill(Number.POSITIVE_INFINITY, at, at + 3);
  out.fill(Number.NEGATIVE_INFINITY, at + 3, at + 6);
}

function grow(out: Float64Array | Float32Array, at: number, from: Float64Array, source: number): void {
  for (let k = 0; k < 3; k++) {
    const low = from[source + k] as number;
    const high = from[source + 3 + k] as number;
    if (low < (out[at + k] as number)) out[at + k] = low;
    if (high > (out[at + 3 + k] as number)) out[at + 3 + k] = high;
  }
}

function area(box: Float64Array): number {
  const x = (box[3] as number) - (box[0] as number);
  const y = (box[4] as number) - (box[1] as number);
  const z = (box[5] as number) - (box[2] as number);
  return x * y + y * z + z * x;
}
