import { DepthcastError } from '../../frames/index.ts';
import { blockIntervals, blockLengthFor, type FrameSeries, type Interval } from './block-bootstrap.ts';
import { answeredShare, type EvaluatedFrame } from './evaluated-frame.ts';
import type { Scaling } from './presets.ts';

/** Figures that are compared: means of a number a frame. */
export const COMPARED = [
  { key: 'absRel', name: 'AbsRel', latex: 'AbsRel', better: 'lower', unit: '' },
  { key: 'sqRel', name: 'SqRel', latex: 'SqRel', better: 'lower', unit: 'm' },
  { key: 'rmse', name: 'RMSE', latex: 'RMSE', better: 'lower', unit: 'm' },
  { key: 'rmseLog', name: 'RMSElog', latex: 'RMSE$_{\\log}$', better: 'lower', unit: '' },
  { key: 'silog', name: 'SILog', latex: 'SILog', better: 'lower', unit: '' },
  { key: 'log10', name: 'log10', latex: '$\\log_{10}$', better: 'lower', unit: '' },
  { key: 'd1', name: 'δ<1.25', latex: '$\\delta<1.25$', better: 'higher', unit: '' },
  { key: 'd2', name: 'δ<1.25²', latex: '$\\delta<1.25^2$', better: 'higher', unit: '' },
  { key: 'd3', name: 'δ<1.25³', latex: '$\\delta<1.25^3$', better: 'higher', unit: '' },
  { key: 'tcm', name: 'TCM', latex: 'TCM', better: 'lower', unit: 'm' },
  { key: 'tcmWithin', name: 'TCM within', latex: 'TCM within', better: 'lower', unit: 'm' },
  { key: 'tae', name: 'TAE', latex: 'TAE', better: 'lower', unit: '%' },
  { key: 'opw', name: 'OPW', latex: 'OPW', better: 'lower', unit: 'm' },
  { key: 'rtc', name: 'rTC', latex: 'rTC', better: 'higher', unit: '' },
  { key: 'selfReprojection', name: 'self-reprojection', latex: 'self-reprojection', better: 'lower', unit: '' },
] as const;

export type ComparedFigure = (typeof COMPARED)[number]['key'];
/** `null` where no frame of all models has the figure. */
export type Figures<Value> = Readonly<Record<ComparedFigure, Value | null>>;

/** One model's evaluation, as it is compared. */
export interface Compared {
  /** What it is called in tables; each once. */
  readonly name: string;
  readonly rows: readonly EvaluatedFrame[];
  readonly scaling: Scaling;
}

/** The difference of two models on the same frames, second minus first. */
export interface Difference extends Interval {
  /** True where the interval does not hold 0: the two are known to differ on footage like this. */
  readonly differs: boolean;
}

/** Models side by side. */
export interface Comparison {
  /** Frames that every model answered. */
  readonly frames: number;
  readonly models: readonly {
    readonly name: string;
    readonly scaling: Scaling;
    /** Frames by the model that answered: those of a fallback stand beside the model's own. */
    readonly answeredBy: Readonly<Record<string, number>>;
    /** Share of the measured pixels of those frames that have a prediction; `null` without measured depth. */
    readonly answered: number | null;
    readonly figures: Figures<Interval>;
  }[];
  /** Every pair of models, in their order. */
  readonly differences: readonly {
    /** What is subtracted. */
    readonly from: string;
    readonly to: string;
    readonly figures: Figures<Difference>;
  }[];
  readonly bootstrap: {
    readonly method: 'circular blocks, paired';
    readonly level: 0.95;
    /** Frames of a block, and how many of them the footage holds. */
    readonly block: number;
    readonly blocks: number;
    readonly resamples: number;
    readonly seed: number;
  };
  readonly notes: readonly string[];
}

/** How models are compared. */
export interface CompareOptions {
  /** Frames of a block; default 1.3·√frames, see `blockLengthFor`. */
  readonly block?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
  /** Default 10,000. */
  readonly resamples?: number | undefined;
}

/** Fewer blocks than this make intervals that are too narrow where frames resemble each other strongly. */
const FEW_BLOCKS = 10;

/**
 * Compares models on the frames that all of them answered, joined by the frames' names, with paired 95 % intervals of a
 * circular block bootstrap. Throws `input-empty` where they share fewer than two frames.
 */
export function compareModels(models: readonly Compared[], options: CompareOptions = {}): Comparison {
  const { seed = 1, resamples = 10_000 } = options;
  const byName = models.map(({ rows }) => new Map(rows.map((row) => [row.name, row])));
  const shared = models[0]!.rows.filter(({ name }) => byName.every((rows) => rows.has(name)));
  if (shared.length < 2) {
    throw new DepthcastError('input-empty', `The models share ${shared.length} frames, too few to compare them.`, {
      advice: 'Give models or predictions that answer for the same frames.',
    });
  }
  const rows = byName.map((of) => shared.map(({ name }) => of.get(name)!));
  const pairs = models.flatMap((_, a) => models.slice(a + 1).map((__, i) => [a, a + 1 + i] as const));
  const series: FrameSeries[] = [];
  const at = new Map<string, number>();
  for (const { key } of COMPARED) {
    const each = rows.map((of) => Float64Array.from(of, (row) => figureOf(row, key)));
    const whole = each[0]!.map((_, i) => (each.every((values) => Number.isFinite(values[i])) ? 0 : Number.NaN));
    for (const [m, values] of each.entries()) {
      at.set(`${key} ${m}`, series.length);
      series.push(values.map((value, i) => value + whole[i]!));
    }
    for (const [a, b] of pairs) {
      at.set(`${key} ${a} ${b}`, series.length);
      series.push(each[b]!.map((value, i) => value - each[a]![i]! + whole[i]!));
    }
  }
  const block = Math.min(shared.length, options.block ?? blockLengthFor(shared.length));
  const intervals = blockIntervals(series, { block, resamples, seed });
  const figures = <Value>(name: (key: string) => string, of: (found: Interval) => Value): Figures<Value> =>
    Object.fromEntries(
      COMPARED.map(({ key }) => {
        const found = intervals[at.get(name(key))!];
        return [key, found ? of(found) : null];
      }),
    ) as Figures<Value>;
  const blocks = Math.ceil(shared.length / block);
  return {
    frames: shared.length,
    models: models.map(({ name, scaling }, m) => ({
      name,
      scaling,
      answeredBy: counted(rows[m]!.map(({ estimator }) => estimator)),
      answered: answeredShare(rows[m]!),
      figures: figures(
        (key) => `${key} ${m}`,
        (found) => found,
      ),
    })),
    differences: pairs.map(([a, b]) => ({
      from: models[a]!.name,
      to: models[b]!.name,
      figures: figures(
        (key) => `${key} ${a} ${b}`,
        (found) => ({ ...found, differs: found.low > 0 || found.high < 0 }),
      ),
    })),
    bootstrap: { method: 'circular blocks, paired', level: 0.95, block, blocks, resamples, seed },
    notes: [
      ...(rows.some((of) => (answeredShare(of) ?? 1) < 1)
        ? [
            'not every model answers every measured pixel: the figures of one that leaves out the hard ones are too good',
          ]
        : []),
      ...(blocks < FEW_BLOCKS
        ? [
            `${shared.length} frames are ${blocks} blocks, which is few: the intervals are rather too narrow than too wide`,
          ]
        : []),
      ...(new Set(models.map(({ scaling }) => scaling)).size > 1
        ? [
            `the models were scaled in different ways (${models.map(({ name, scaling }) => `${name}: ${scaling}`).join(', ')}), so their figures mean different things; --scale gives all of them one`,
          ]
        : []),
    ],
  };
}

/** One frame's figure; NaN where it has none. */
export function figureOf(row: EvaluatedFrame, key: ComparedFigure): number {
  const of = { ...row.accuracy, ...row.consistency } as Partial<Record<ComparedFigure, number>>;
  return of[key] ?? Number.NaN;
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
