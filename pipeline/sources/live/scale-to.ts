import type { ResizeFilter, Size } from '../../../frames/index.ts';
import { scalerFlags } from '../../ffmpeg/recipe.ts';

/** What a camera's pictures are scaled to, given their size. */
export type SizeRule = (footage: Size) => Size;

/** Sizes that cameras send, widest first; both ways up. A size that is not here costs one more connection, once. */
const COMMON: readonly (readonly [number, number])[] = [
  [7680, 4320],
  [5120, 2880],
  [4096, 3072],
  [4096, 2160],
  [4000, 3000],
  [3840, 2160],
  [3840, 1080],
  [3264, 2448],
  [3072, 2048],
  [3072, 1728],
  [2960, 1668],
  [2944, 1656],
  [2880, 1620],
  [2688, 1520],
  [2592, 1944],
  [2592, 1520],
  [2560, 1920],
  [2560, 1600],
  [2560, 1440],
  [2304, 1728],
  [2304, 1296],
  [2048, 1536],
  [1936, 1216],
  [1920, 1440],
  [1920, 1200],
  [1920, 1088],
  [1920, 1080],
  [1920, 960],
  [1600, 1200],
  [1600, 900],
  [1536, 1536],
  [1440, 1080],
  [1280, 1024],
  [1280, 960],
  [1280, 800],
  [1280, 720],
  [1242, 375],
  [1226, 370],
  [1024, 1024],
  [1024, 768],
  [1024, 576],
  [960, 720],
  [960, 576],
  [960, 540],
  [960, 480],
  [896, 512],
  [864, 480],
  [854, 480],
  [848, 480],
  [800, 600],
  [800, 480],
  [800, 448],
  [768, 576],
  [768, 432],
  [720, 576],
  [720, 480],
  [720, 404],
  [704, 576],
  [704, 480],
  [704, 396],
  [640, 512],
  [640, 480],
  [640, 400],
  [640, 368],
  [640, 360],
  [640, 352],
  [640, 192],
  [512, 288],
  [480, 360],
  [480, 272],
  [480, 270],
  [426, 240],
  [384, 288],
  [384, 216],
  [352, 288],
  [352, 240],
  [320, 256],
  [320, 240],
  [320, 192],
  [320, 180],
  [176, 144],
  [160, 120],
];

/** Terms of one sum; ffmpeg takes 98 before it needs parentheses. */
const LONGEST_SUM = 50;

/**
 * A filter for ffmpeg that scales to what `rule` says of the size that arrives. ffmpeg learns the size with the first
 * picture, when it is too late to ask anybody, so the rule is asked beforehand for every size that is likely, and the
 * answers are written out as a sum in which one term is not 0. Any other size passes as it is; whoever reads the
 * pictures sees that and connects again with `seen`.
 *
 * @param seen the size that the camera had before
 * @param resize the filter of the scaler; default `bicubic`
 */
export function scaleFilter(rule: SizeRule, seen: Size | undefined, resize?: ResizeFilter): string {
  const terms = new Map<string, Size>();
  const sizes = COMMON.flatMap(([width, height]) => [
    { width, height },
    { width: height, height: width },
  ]);
  for (const footage of seen ? [seen, ...sizes] : sizes) {
    const to = tried(rule, footage);
    if (to) terms.set(`eq(iw,${footage.width})*eq(ih,${footage.height})`, to);
  }
  const side = (of: (size: Size) => number, own: string): string => {
    const products = [...terms].map(([test, size]) => `${test}*${of(size)}`);
    const sums: string[] = [];
    while (products.length > 0) sums.push(`(${products.splice(0, LONGEST_SUM).join('+')})`);
    return sums.length === 0 ? own : `if(st(0,${sums.join('+')}),ld(0),${own})`;
  };
  const [width, height] = [side((size) => size.width, 'iw'), side((size) => size.height, 'ih')];
  return `scale=w='${width}':h='${height}':flags=${scalerFlags(resize)}`;
}

function tried(rule: SizeRule, footage: Size): Size | undefined {
  try {
    const { width, height } = rule(footage);
    return Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0
      ? { width, height }
      : undefined;
  } catch {
    return undefined;
  }
}
