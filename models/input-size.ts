import type { Size } from '../frames/index.ts';
import { DepthcastError } from '../frames/index.ts';
import type { InputRule } from './card.ts';

/** How much an area other than the wished one counts against a wrong aspect. */
const areaWeight = 0.5;

/**
 * The size a network wants for footage of a given size.
 *
 * `fixed`: that size. `aspect`: of all sizes whose sides are multiples and at least the minimum, the one that distorts
 * the picture least, with a mild pull towards the wished area (never above 1.25 times it unless the minimum side asks).
 * Where the rule has a margin (`pad`) the size is that of the picture within it.
 */
export function inputSize(rule: InputRule['size'], source: Size): Size {
  if (!(source.width > 0 && source.height > 0)) {
    throw new DepthcastError('input-dimensions', `A picture of ${source.width}x${source.height} pixels has no depth.`, {
      advice: 'Check what the source says of its size.',
    });
  }
  if (rule.rule === 'fixed') {
    const { pad } = rule;
    return {
      width: pad ? withinMargin(rule.width, source.width, pad.factor) : rule.width,
      height: pad ? withinMargin(rule.height, source.height, pad.factor) : rule.height,
    };
  }
  const { area, multiple } = rule;
  const aspect = source.width / source.height;
  const least = Math.ceil(rule.minimumSide / multiple) * multiple;
  let best: Size = { width: least, height: least };
  let bestCost = Number.POSITIVE_INFINITY;
  for (let height = least; height * least <= 1.25 * area; height += multiple) {
    const exact = height * aspect;
    const most = Math.max(least, Math.floor((1.25 * area) / height / multiple) * multiple);
    for (const rounded of [Math.floor(exact / multiple) * multiple, Math.ceil(exact / multiple) * multiple]) {
      const width = Math.min(most, Math.max(least, rounded));
      const cost =
        Math.abs(Math.log(width / height / aspect)) + areaWeight * Math.abs(Math.log((width * height) / area));
      if (cost < bestCost) {
        bestCost = cost;
        best = { width, height };
      }
    }
  }
  return best;
}

/** What is left of a side of the network when the margin, stated for the footage's side, is taken off at both ends. */
function withinMargin(side: number, source: number, factor: number): number {
  const margin = Math.floor(Math.sqrt(source / 2) * factor);
  return side - 2 * Math.round((side * margin) / (source + 2 * margin));
}

/** The size of a network's input and answer for a frame: larger than the frame where its rule has a margin. */
export function paddedSize(rule: InputRule['size'], frame: Size): Size {
  return rule.rule === 'fixed' && rule.pad ? { width: rule.width, height: rule.height } : frame;
}

/** Says why a network cannot take frames of a size, or nothing where it can. */
export function sizeFault(rule: InputRule['size'], size: Size): string | undefined {
  if (rule.rule === 'fixed' && rule.pad) {
    // A mirror image is at most as wide as what it mirrors, and the margins at both ends are alike.
    const fits = (side: number, most: number): boolean =>
      (most - side) % 2 === 0 && side <= most && most < 3 * side - 1;
    return fits(size.width, rule.width) && fits(size.height, rule.height)
      ? undefined
      : `takes frames of at most ${rule.width}x${rule.height}, with even margins no wider than the picture`;
  }
  if (rule.rule === 'fixed') {
    return size.width === rule.width && size.height === rule.height
      ? undefined
      : `takes frames of ${rule.width}x${rule.height} only`;
  }
  const least = Math.ceil(rule.minimumSide / rule.multiple) * rule.multiple;
  const fits = (side: number): boolean => Number.isInteger(side) && side % rule.multiple === 0 && side >= least;
  return fits(size.width) && fits(size.height)
    ? undefined
    : `takes frames whose sides are multiples of ${rule.multiple} and at least ${least}`;
}
