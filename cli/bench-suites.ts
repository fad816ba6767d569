import { type EndToEndResult, endToEnd } from '../bench/end-to-end.ts';
import { type MemoryResult, memory } from '../bench/memory.ts';
import { type MetricsResult, metrics } from '../bench/metrics.ts';
import { type ModelsResult, models } from '../bench/models.ts';
import { type TcDepthResult, tcDepth } from '../bench/tc-depth.ts';

/** What the command line says to a suite; each takes what concerns it. */
export interface SuiteOptions {
  readonly source?: string | undefined;
  readonly threads?: number | undefined;
  readonly frames?: number | undefined;
  readonly rounds: number;
  readonly minutes: number;
}

/** What a suite measured, and how a person reads it. */
export interface Measured {
  readonly result: object;
  readonly rows: readonly string[][];
}

/** Every suite by its name. */
export const SUITES: Readonly<Record<string, (options: SuiteOptions) => Promise<Measured>>> = {
  'end-to-end': async (options) => told(await endToEnd({ ...options, frames: options.frames ?? 150 }), endToEndRows),
  memory: async (options) => {
    const onSample = (seconds: number, megabytes: number): void => {
      if (Math.round(seconds) % 10 === 0) process.stderr.write(`${seconds.toFixed(0)} s: ${megabytes.toFixed(0)} MB\n`);
    };
    return told(await memory({ ...options, onSample }), memoryRows);
  },
  metrics: async (options) => told(metrics(options), metricsRows),
  models: async (options) => {
    const onProgress = (line: string): void => {
      process.stderr.write(`${line}\n`);
    };
    return told(await models({ ...options, onProgress }), modelsRows);
  },
  'tc-depth': async (options) => told(await tcDepth(options), tcDepthRows),
};

function told<T extends object>(result: T, rows: (result: T) => string[][]): Measured {
  return { result, rows: rows(result) };
}

function endToEndRows(result: EndToEndResult): string[][] {
  const { stageMs, ageMs, rounds } = result;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  return [
    ['footage', `${result.frames} frames at ${result.size.width}x${result.size.height}, ${result.threads} threads`],
    [
      'end to end',
      `${result.fps.toFixed(1)} frames a second (rounds: ${rounds.map(({ fps }) => fps.toFixed(1)).join(', ')})`,
    ],
    [
      'share of the bare sessions',
      `${(result.share * 100).toFixed(1)} % (rounds: ${rounds.map(({ share }) => `${(share * 100).toFixed(1)} %`).join(', ')})`,
    ],
    ['reached the viewer', rounds.map(({ delivered }) => `${delivered} of ${result.frames}`).join(', ')],
    ['decode, alone', `${ms(stageMs.decode)} a frame`],
    ['network, bare', `${ms(stageMs.bareInference)} a frame`],
    ['network, end to end', `${ms(stageMs.inference)} a frame`],
    ['JPEG and packing, alone', `${ms(stageMs.encode)} a frame, ${(result.bytesPerFrame / 1000).toFixed(0)} KB`],
    ['age at the viewer', `p50 ${ms(ageMs.p50)}, p95 ${ms(ageMs.p95)} (footage is read ahead)`],
    ['event loop delay', `p99 ${ms(result.eventLoopP99Ms)}`],
  ];
}

function memoryRows(result: MemoryResult): string[][] {
  const mb = (value: number): string => `${value.toFixed(0)} MB`;
  return [
    ['footage', `${result.minutes} minutes, ${result.depthFrames} depth frames in ${result.seconds.toFixed(0)} s`],
    ['resident', `${mb(result.at10s)} after 10 s, ${mb(result.atEnd)} at the end, ${mb(result.peak)} at most`],
    ['slope after 10 s', `${result.slopePerMinute.toFixed(2)} MB a minute`],
  ];
}

function tcDepthRows({ size, threads, networks, largestRelativeDifference }: TcDepthResult): string[][] {
  const gmac = (macs: number): string => `${(macs / 1e9).toPrecision(3)} GMAC`;
  const ms = ({ median, least }: { median: number; least: number }): string =>
    `${median.toFixed(1)} ms (least ${least.toFixed(1)})`;
  return [
    ['size', `${size.width}x${size.height}, ${threads} thread${threads === 1 ? '' : 's'}`],
    ...networks.flatMap((network) => [
      [network.id, `${(network.parameters / 1e6).toFixed(2)} M parameters, ${network.weights} weights`],
      ['  whole window anew', `${gmac(network.macs.whole)}, ${ms(network.ms.whole)}`],
      ['  new frame', `${gmac(network.macs.newFrame)}, ${ms(network.ms.newFrame)}`],
      ['  ratio', `${network.macs.ratio.toFixed(2)} in MACs, ${network.ms.ratio.toFixed(2)} in time`],
      ['  kept a frame', `${(network.bytesPerFrame / 1e6).toFixed(1)} MB`],
    ]),
    [
      'streaming and whole differ',
      largestRelativeDifference === null
        ? 'not measured here'
        : `by at most ${largestRelativeDifference.toExponential(1)} of the depth`,
    ],
  ];
}

function modelsRows({ threads, models: figures, beside, besideNote }: ModelsResult): string[][] {
  return [
    ['threads', `${threads}`],
    ...figures.map(({ id, size, weights, parameters, macs, ms, megabytes, note }) => [
      id,
      [
        `${size}, ${(parameters / 1e6).toFixed(1)} M ${weights === 'random' ? 'random weights of the exact shape' : 'trained weights'}`,
        `${(macs / 1e9).toPrecision(3)} GMAC`,
        ms ? `${ms.median.toFixed(0)} ms (least ${ms.least.toFixed(0)}), ${megabytes!.toFixed(0)} MB` : note,
      ].join(', '),
    ]),
    ...beside.map(({ id, ms, computedMs, ratio, parts, difference, version }) => [
      `${id}, beside transformers.js ${version}`,
      `${ms.ours.toFixed(1)} ms here, ${ms.theirs.toFixed(1)} ms there; computing ${computedMs.ours.toFixed(1)} and ${computedMs.theirs.toFixed(1)} ms (${ratio.toFixed(2)} times); here ${parts.prepare.toFixed(1)} ms before and ${parts.answer.toFixed(1)} ms behind the network; answers differ by ${difference.toExponential(1)}`,
    ]),
    ...(besideNote === undefined ? [] : [['beside transformers.js', besideNote]]),
  ];
}

function metricsRows({ truth, network, ms }: MetricsResult): string[][] {
  return [
    [
      'measured depth',
      `${truth.width}x${truth.height}, ${truth.measured} pixels; predicted ${network.width}x${network.height}`,
    ],
    ...Object.entries(ms).map(([name, time]) => [name, `${time.toFixed(2)} ms`]),
  ];
}
