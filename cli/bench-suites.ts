import { type CodecsResult, codecs } from '../bench/codecs.ts';
import { type EndToEndResult, endToEnd } from '../bench/end-to-end.ts';
import { type MemoryResult, memory } from '../bench/memory.ts';
import { type MetricsResult, metrics } from '../bench/metrics.ts';
import { type ModelsResult, models } from '../bench/models.ts';
import { type SoakResult, soak } from '../bench/soak.ts';
import { type TcDepthResult, tcDepth } from '../bench/tc-depth.ts';
import { type CrowdComparison, type ViewersResult, viewers } from '../bench/viewers.ts';

/** What the command line says to a suite; each takes what concerns it. */
export interface SuiteOptions {
  readonly source?: string | undefined;
  readonly threads?: number | undefined;
  readonly frames?: number | undefined;
  readonly rounds: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly cameras: number;
  readonly viewers?: number | undefined;
  readonly seed: number;
}

/** What a suite measured, and how a person reads it. */
export interface Measured {
  readonly result: object;
  readonly rows: readonly string[][];
}

/** Every suite by its name. */
export const SUITES: Readonly<Record<string, (options: SuiteOptions) => Promise<Measured>>> = {
  codecs: async (options) => told(await codecs({ ...options, frames: Math.min(options.frames ?? 60, 60) }), codecsRows),
  'end-to-end': async (options) => told(await endToEnd({ ...options, frames: options.frames ?? 150 }), endToEndRows),
  memory: async (options) => {
    const onSample = (seconds: number, megabytes: number): void => {
      if (Math.round(seconds) % 10 === 0) process.stderr.write(`${seconds.toFixed(0)} s: ${megabytes.toFixed(0)} MB\n`);
    };
    return told(await memory({ ...options, onSample }), memoryRows);
  },
  metrics: async (options) => told(await metrics(options), metricsRows),
  models: async (options) => {
    const onProgress = (line: string): void => {
      process.stderr.write(`${line}\n`);
    };
    return told(await models({ ...options, onProgress }), modelsRows);
  },
  soak: async (options) => {
    const onFault = (name: string, ms: number | undefined): void => {
      const after = ms === undefined ? 'NOT RECOVERED' : `recovered in ${(ms / 1000).toFixed(1)} s`;
      process.stderr.write(`${name}: ${after}\n`);
    };
    return told(await soak({ ...options, onFault }), soakRows);
  },
  'tc-depth': async (options) => told(await tcDepth(options), tcDepthRows),
  viewers: async (options) => told(await viewers(options), viewersRows),
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
    ...beside.flatMap(besideRows),
    ...(besideNote === undefined ? [] : [['beside transformers.js', besideNote]]),
  ];
}

/** Theirs is what a frame costs in transformers.js; the rows below the first say where the difference comes from. */
function besideRows(beside: ModelsResult['beside'][number]): string[][] {
  const { id, ms, leastMs, computedMs, ratio, parts, theirParts, difference, version } = beside;
  const both = (of: { ours: number; theirs: number }): string =>
    `${of.ours.toFixed(1)} ms here, ${of.theirs.toFixed(1)} ms there`;
  const part = (name: keyof typeof parts): string => both({ ours: parts[name], theirs: theirParts[name] });
  return [
    [`${id}, beside transformers.js ${version}`, `${both(ms)}; at least ${both(leastMs)}`],
    ['  computing', `${both(computedMs)}: ${ratio.toFixed(3)} times as much there`],
    ['  before the network', part('prepare')],
    ['  network, one runtime', part('network')],
    ['  behind the network', part('answer')],
    ['  answers differ by', difference.toExponential(1)],
  ];
}

function metricsRows({ truth, network, ms, live }: MetricsResult): string[][] {
  return [
    [
      'measured depth',
      `${truth.width}x${truth.height}, ${truth.measured} pixels; predicted ${network.width}x${network.height}`,
    ],
    ...Object.entries(ms).map(([name, time]) => [name, `${time.toFixed(2)} ms`]),
    ...Object.entries(live).map(([name, { p50, p95 }]) => [name, `p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms`]),
  ];
}

function soakRows(result: SoakResult): string[][] {
  const { frames, recoveryMs, noticedMs, memoryMb, descriptors, end } = result;
  const seconds = (ms: number | null): string => (ms === null ? '-' : `${(ms / 1000).toFixed(2)} s`);
  const spread = ({ p50, p95, max }: SoakResult['noticedMs']): string =>
    `p50 ${seconds(p50)}, p95 ${seconds(p95)}, max ${seconds(max)}`;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([key, count]) => `${key} ${count}`)
      .join(', ') || 'none';
  const change = (memoryMb.end / memoryMb.start - 1) * 100;
  return [
    [
      'played',
      `${result.minutes.toFixed(1)} minutes, ${result.cameras} cameras, ${result.viewers} viewers, seed ${result.seed}`,
    ],
    ...Object.entries(result.faults).map(([name, fault]) => [
      `fault ${name}`,
      `${fault.count} times, back after ${spread(fault)}${fault.notRecovered > 0 ? `, NOT RECOVERED ${fault.notRecovered}` : ''}`,
    ]),
    ['all faults', `${recoveryMs.count}, back after ${spread(recoveryMs)}, not recovered ${recoveryMs.notRecovered}`],
    ['stall noticed after', spread(noticedMs)],
    [
      'frames',
      `${frames.decoded} decoded, ${frames.published} published, balance ${frames.balance}, inside ${frames.inside}`,
    ],
    ['let go', `${counts(frames.dropped)}; at the source: ${counts(frames.discarded)}`],
    ['reconnects', counts(result.reconnects)],
    ['reached viewers', `${frames.delivered} messages, the oldest picture ${seconds(result.oldestMs)} old`],
    [
      'memory',
      `${memoryMb.start.toFixed(0)} MB in the first minute, ${memoryMb.end.toFixed(0)} MB at the end (${change.toFixed(1)} %), ${memoryMb.most.toFixed(0)} MB at most`,
    ],
    ['file descriptors', `${descriptors.start ?? '-'} at the start, ${descriptors.end ?? '-'} at the end`],
    ['SIGTERM', `exit code ${end.exitCode} after ${seconds(end.ms)}, ffmpegs left ${end.decodersLeft}`],
    ['load of the machine', `${result.load.toFixed(1)} processes on average`],
    ['password in its output', result.passwordSeen ? 'YES' : 'no'],
  ];
}

function viewersRows({ viewers: crowd, seconds, comparisons }: ViewersResult): string[][] {
  const rows = [['viewers', `1 and ${crowd} in turn, ${seconds} s each, in another process`]];
  for (const { name, one, many, ratio, ratios, cpuRatio } of comparisons) {
    const load = (seen: CrowdComparison['one']): string =>
      `${seen.fps.toFixed(2)} frames a second published; a viewer gets ${seen.viewerFps.toFixed(1)} (fewest ` +
      `${seen.fewestFps.toFixed(1)}); ${seen.megabytes.toFixed(1)} MB/s; event loop p99 ` +
      `${seen.eventLoopP99Ms.toFixed(1)} ms; ${seen.cpuMsPerFrame.toFixed(1)} ms of processor a frame`;
    rows.push([`${name}, 1`, load(one)], [`${name}, ${crowd}`, load(many)]);
    const each = ratios.map((value) => `${((value - 1) * 100).toFixed(1)} %`).join(', ');
    rows.push(['change of the rate', `${((ratio - 1) * 100).toFixed(1)} % (rounds: ${each})`]);
    rows.push(['change of the processor time', `${((cpuRatio - 1) * 100).toFixed(1)} % a frame`]);
  }
  return rows;
}

function codecsRows({ frames, size, rows }: CodecsResult): string[][] {
  return [
    ['depth', `${frames} answers of the network at ${size.width}x${size.height}, 16 bits a pixel`],
    ...rows.map(({ codec, bytesPerFrame, encodeMs, decodeMs, lossless }) => [
      codec,
      `${(bytesPerFrame / 1000).toFixed(1)} KB a frame, encode ${encodeMs.toFixed(2)} ms, decode ${decodeMs.toFixed(2)} ms${lossless ? '' : ', NOT lossless'}`,
    ]),
  ];
}
