import type { DepthKind, Size } from '../../frames/index.ts';
import {
  benchmarkCrop,
  type CropRectangle,
  eigenCrop,
  gargCrop,
  gargInBenchmarkCrop,
} from '../../operators/metrics/crop.ts';

const whole = ({ width, height }: Size): CropRectangle => ({ top: 0, bottom: height, left: 0, right: width });

/** Crops that `--crop` names. */
export const CROPS = {
  garg: gargCrop,
  eigen: eigenCrop,
  benchmark: benchmarkCrop,
  'garg-in-benchmark': gargInBenchmarkCrop,
  none: whole,
} as const;

/**
 * What becomes of the answers for a picture and for its mirror image. `average`: the mean of both, as ZoeDepth has it
 * (Bhat et al. 2023). `blend`: the mean of their inverse, and at the two edges the answer that sees what lies there
 * better, as Monodepth2 post-processes (Godard et al., CVPR 2017, section 3.4).
 */
export const FLIPS = ['none', 'average', 'blend'] as const;
export type Flip = (typeof FLIPS)[number];

/** How a prediction is brought to the scale of the truth. */
export type Scaling = 'none' | 'median' | 'scale-shift';

const kitti = {
  crop: 'garg',
  minDepth: 1e-3,
  maxDepth: 80,
  resize: 'depth',
  flip: 'none',
  snippet: [-1, 1],
  unknown: 'left-out',
} as const;

/** How a family of papers measures. */
export interface Preset {
  readonly name: string;
  /** One line for `--help` and reports. */
  readonly summary: string;
  readonly crop: keyof typeof CROPS;
  /** Truth strictly between the two takes part, and the prediction is held inside them; metres. */
  readonly minDepth: number;
  readonly maxDepth: number;
  /** A fixed way, or `by-kind`: metres as they are, relative depth by medians, inverse depth by scale and shift. */
  readonly scaling: Scaling | 'by-kind';
  /** What is interpolated to the size of the truth: depth, or its inverse as disparity networks are evaluated. */
  readonly resize: 'depth' | 'inverse';
  /** Whether a network is asked about the mirrored picture as well; predictions from files are taken as they are. */
  readonly flip: Flip;
  /** Offsets of TCM's other frames, in the order in which its mask shrinks. */
  readonly snippet: readonly number[];
  /**
   * What becomes of pixels that a prediction leaves open: `left-out`, or `held` at `minDepth`, as the code of the Eigen
   * papers does with them. The scale of a picture is that of its known pixels either way.
   */
  readonly unknown: 'left-out' | 'held';
}

const tcm = (frames: number): Preset => ({
  ...kitti,
  name: `tcm-${frames}`,
  summary: `TCM over ${frames} frames as TC-Depth has it: 50 m, Garg crop, median scaling`,
  maxDepth: 50,
  scaling: 'median',
  snippet: Array.from({ length: (frames - 1) / 2 }, (_, i) => [-1 - i, 1 + i]).flat(),
});

/**
 * The ways to measure that `--preset` names. The figures of two of them cannot be compared with each other: raw scans
 * and improved ground truth differ, and median scaling forgives what metres do not.
 */
export const PRESETS: readonly Preset[] = [
  {
    ...kitti,
    name: 'street',
    summary: 'Garg crop, 80 m, metres as they are (relative depth: median of each picture); the default',
    scaling: 'by-kind',
  },
  {
    ...kitti,
    name: 'eigen-raw-median',
    summary: 'as Monodepth2 on the Eigen split: Garg crop, 80 m, median of each picture, disparity resized',
    scaling: 'median',
    resize: 'inverse',
    unknown: 'held',
  },
  {
    ...kitti,
    name: 'eigen-improved-metric',
    summary:
      'as ZoeDepth on improved ground truth: Garg crop of the 1216x352 crop, 80 m, metres, no scaling, mean with the mirrored picture',
    crop: 'garg-in-benchmark',
    flip: 'average',
    scaling: 'none',
    unknown: 'held',
  },
  tcm(3),
  tcm(5),
  tcm(7),
  {
    ...kitti,
    name: 'rgbd',
    summary: 'hand-held indoor cameras: the whole picture, 0.1 m to 10 m; the default for TUM RGB-D and 7-Scenes',
    crop: 'none',
    minDepth: 0.1,
    maxDepth: 10,
    scaling: 'by-kind',
  },
];

/** The way of scaling for depth of a kind; `undefined` where it does not fit, as metres asked of relative depth. */
export function scalingFor({ scaling }: Pick<Preset, 'scaling'>, kind: DepthKind): Scaling | undefined {
  if (scaling === 'none') return kind === 'metric' ? 'none' : undefined;
  if (scaling !== 'by-kind') return scaling;
  return kind === 'metric' ? 'none' : kind === 'relative' ? 'median' : 'scale-shift';
}

/** How an evaluation measured, whatever the preset is called. */
export type Protocol = Omit<Preset, 'name' | 'summary'>;

/** What was measured by: the preset with all that options changed in it. */
export function protocolOf({ name: _, summary: __, ...protocol }: Preset): Protocol {
  return protocol;
}

/** `street`, or `street, changed: crop none, cap 50` where options changed what that name stands for. */
export function presetInWords(name: string, protocol: Protocol): string {
  const own = PRESETS.find((preset) => preset.name === name);
  if (!own) return name;
  const changed = [
    ...(protocol.crop === own.crop ? [] : [`crop ${protocol.crop}`]),
    ...(protocol.maxDepth === own.maxDepth ? [] : [`cap ${protocol.maxDepth}`]),
    ...(protocol.scaling === own.scaling ? [] : [`scale ${protocol.scaling}`]),
    ...(protocol.flip === own.flip ? [] : [`flip ${protocol.flip}`]),
  ];
  return changed.length === 0 ? name : `${name}, changed: ${changed.join(', ')}`;
}
