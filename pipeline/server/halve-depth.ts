import type { DepthQuantisation, QuantisedDepth } from '../../frames/index.ts';

/** Share of inverse depth by which two neighbours may differ and still lie on one surface. */
const SAME_SURFACE = 0.05;

/** Codes apart that still count as one surface where the mapping has no zero (`linear`): a 64th of all. */
const SAME_SURFACE_CODES = 1024;

/**
 * A depth map of half the width and height: the median of the known values of each 2 × 2 block.
 *
 * Foreground and background are never mixed. The median of an even number is the mean of the middle two where they lie
 * on one surface (their inverse depths differ by at most 5 %), else the nearer of the two. Inverse depth is linear
 * across any plane, so on a plane the answer is exactly the depth at the block's centre. A block with fewer than two
 * known values is unknown. A last odd column or row is left out; a map of one column or row comes back as it is.
 */
export function halveDepth(depth: QuantisedDepth): QuantisedDepth {
  const { kind, quantisation, codes } = depth;
  const width = depth.width >> 1;
  const height = depth.height >> 1;
  if (width === 0 || height === 0) return depth;
  const middle = middleOf(quantisation);
  const out = new Uint16Array(width * height);
  for (let y = 0, o = 0; y < height; y++) {
    let i = 2 * y * depth.width;
    for (let x = 0; x < width; x++, i += 2, o++) {
      const a = codes[i]!;
      const b = codes[i + 1]!;
      const c = codes[i + depth.width]!;
      const d = codes[i + depth.width + 1]!;
      const low = a < b ? a : b;
      const high = a < b ? b : a;
      const otherLow = c < d ? c : d;
      const otherHigh = c < d ? d : c;
      const least = low < otherLow ? low : otherLow;
      const most = high > otherHigh ? high : otherHigh;
      const inner = low > otherLow ? low : otherLow;
      const outer = high < otherHigh ? high : otherHigh;
      // Unknown is 0, so it sorts first: what is known are the largest of the four.
      const second = inner < outer ? inner : outer;
      const third = inner < outer ? outer : inner;
      if (least > 0) out[o] = middle(second, third);
      else if (second > 0) out[o] = third;
      else if (third > 0) out[o] = middle(third, most);
    }
  }
  return { kind, width, height, quantisation, codes: out };
}

/** The mean of two codes in ascending order that lie on one surface, else the nearer. */
function middleOf({ mapping, offset, scale }: DepthQuantisation): (low: number, high: number) => number {
  // A larger code is nearer in both mappings: inverse depth grows with it.
  if (mapping === 'linear') return (low, high) => (high - low <= SAME_SURFACE_CODES ? (low + high + 1) >> 1 : high);
  return (low, high) => ((high - low) * scale <= SAME_SURFACE * (offset + scale * high) ? (low + high + 1) >> 1 : high);
}
