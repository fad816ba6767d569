import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** What one frame adds to the charts; NaN leaves a hole. */
export interface ChartSample {
  /** `performance.now()` of its arrival. */
  readonly at: number;
  readonly score: number;
  readonly flicker: number;
  readonly latencyMs: number;
  readonly inferenceMs: number;
  readonly rate: number;
}

type Measure = Exclude<keyof ChartSample, 'at'>;

interface ChartPlan {
  readonly measures: readonly Measure[];
  /** Scale that never follows the values, or the least upper end of one that starts at zero. */
  readonly range: readonly [number, number] | { readonly atLeast: number };
}

const PLANS: Readonly<Record<string, ChartPlan>> = {
  score: { measures: ['score'], range: [0, 1] },
  flicker: { measures: ['flicker'], range: [-10, 10] },
  latency: { measures: ['latencyMs', 'inferenceMs'], range: { atLeast: 100 } },
  rate: { measures: ['rate'], range: { atLeast: 30 } },
};

/** Seconds that a chart shows, and samples that are kept at most. */
const SECONDS = 60;
const MOST_SAMPLES = 2400;

/** The four charts of the last minute. Two glances can be compared: scales do not follow the values. */
export class Charts {
  readonly #charts: { readonly plot: uPlot; readonly plan: ChartPlan; readonly box: HTMLElement }[];
  #samples: ChartSample[] = [];

  /** Fills each element with a `data-chart` of a known name. */
  constructor(root: ParentNode) {
    this.#charts = [...root.querySelectorAll<HTMLElement>('[data-chart]')].map((box) => {
      const plan = PLANS[box.dataset['chart']!]!;
      return { plan, box, plot: new uPlot(optionsOf(plan, box), [[], ...plan.measures.map(() => [])], box) };
    });
    const observer = new ResizeObserver(() => this.#resize());
    for (const { box } of this.#charts) observer.observe(box);
  }

  add(sample: ChartSample): void {
    this.#samples.push(sample);
    if (this.#samples.length > MOST_SAMPLES) this.#samples.splice(0, this.#samples.length - MOST_SAMPLES);
  }

  clear(): void {
    this.#samples = [];
  }

  /** Draws the minute up to a moment. */
  draw(now: number): void {
    const kept = this.#samples.filter(({ at }) => at >= now - SECONDS * 1000 && at <= now);
    const ages = kept.map(({ at }) => (at - now) / 1000);
    for (const { plot, plan } of this.#charts) {
      const series = plan.measures.map((measure) =>
        kept.map((sample) => (Number.isNaN(sample[measure]) ? null : sample[measure])),
      );
      plot.setData([ages, ...series]);
    }
  }

  /** Takes over the colours of the page. */
  recolour(): void {
    for (const { plot } of this.#charts) plot.redraw(false, true);
  }

  #resize(): void {
    for (const { plot, box } of this.#charts) plot.setSize({ width: box.clientWidth, height: box.clientHeight });
  }
}

function optionsOf({ measures, range }: ChartPlan, box: HTMLElement): uPlot.Options {
  const colour = (name: string) => () => getComputedStyle(box).getPropertyValue(name);
  const axis: uPlot.Axis = {
    stroke: colour('--quiet'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const y = Array.isArray(range)
    ? { range: range as [number, number] }
    : {
        range: (_: uPlot, __: number, high: number | null): [number, number] => [
          0,
          Math.max((range as { atLeast: number }).atLeast, Math.ceil((high ?? 0) / 50) * 50),
        ],
      };
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    padding: [6, 14, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [-SECONDS, 0] }, y },
    axes: [
      {
        ...axis,
        size: 20,
        splits: () => [-60, -40, -20, 0],
        values: (_, at) => at.map((s) => (s ? `${-s} s` : 'now')),
      },
      { ...axis, size: 38, space: 22 },
    ],
    series: [
      {},
      ...measures.map((_, i) => ({
        stroke: colour(i === 0 ? '--accent' : '--quiet'),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
