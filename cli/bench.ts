import { availableParallelism, cpus } from 'node:os';
import { Command } from 'commander';
import { z } from 'zod';
import { type EndToEndResult, endToEnd } from '../bench/end-to-end.ts';
import { type MemoryResult, memory } from '../bench/memory.ts';
import { type SoakResult, soak } from '../bench/soak.ts';
import { type CrowdComparison, type ViewersResult, viewers } from '../bench/viewers.ts';
import { check, text } from './options.ts';
import { columns } from './table.ts';

const SUITES = ['end-to-end', 'memory', 'soak', 'viewers'] as const;

const positive = z.coerce.number({ error: 'must be a number' }).positive({ error: 'must be above 0' });
const whole = positive.pipe(z.int({ error: 'must be a whole number' }));
const benchSchema = z.strictObject({
  suite: z.enum(SUITES, { error: `must be one of ${SUITES.join(', ')}` }).default('end-to-end'),
  source: text.optional(),
  threads: whole.optional(),
  frames: whole.default(150),
  rounds: whole.default(3),
  minutes: positive.default(10),
  seconds: positive.default(6),
  cameras: whole.default(3),
  viewers: whole.optional(),
  seed: whole.default(1),
  json: z.boolean().default(false),
});

/** `depthcast bench`: this machine's figures. */
export function benchCommand(done: (exitCode: number) => void): Command {
  return new Command('bench')
    .description("This machine's figures, as a table and as JSON.")
    .option('--suite <name>', `what to measure: ${SUITES.join(', ')} (default: end-to-end)`)
    .option('--source <file>', 'footage (default: the sample clip)')
    .option('--threads <n>', 'threads for the network (default: one fewer than the cores)')
    .option('--frames <n>', 'end-to-end: frames a round (default: 150)')
    .option('--rounds <n>', 'end-to-end, viewers: rounds of each kind, in turn (default: 3)')
    .option('--minutes <n>', 'memory: minutes of video; soak: minutes of faults (default: 10)')
    .option('--cameras <n>', 'soak: fake cameras (default: 3)')
    .option('--viewers <n>', 'soak: viewers (default: two a camera); viewers: the crowd set against one (default: 200)')
    .option('--seed <n>', 'soak: which faults in which order (default: 1)')
    .option('--seconds <n>', 'viewers: seconds each is watched (default: 6)')
    .option('--json', 'print one JSON object as the last line of stdout')
    .addHelpText('after', '\nExample:\n  $ depthcast bench --suite end-to-end --json\n')
    .action(async (given: Record<string, unknown>) => done(await bench(await check(benchSchema, given))));
}

type Result = EndToEndResult | MemoryResult | SoakResult | ViewersResult;

function measure(
  suite: (typeof SUITES)[number],
  options: Omit<z.infer<typeof benchSchema>, 'suite' | 'json'>,
): Promise<Result> {
  if (suite === 'end-to-end') return endToEnd(options);
  if (suite === 'viewers') return viewers(options);
  if (suite === 'soak') {
    return soak({
      ...options,
      onFault: (name, ms) => {
        process.stderr.write(
          `${name}: ${ms === undefined ? 'NOT RECOVERED' : `recovered in ${(ms / 1000).toFixed(1)} s`}\n`,
        );
      },
    });
  }
  return memory({
    ...options,
    onSample: (seconds, megabytes) => {
      if (Math.round(seconds) % 10 === 0) process.stderr.write(`${seconds.toFixed(0)} s: ${megabytes.toFixed(0)} MB\n`);
    },
  });
}

async function bench({ suite, json, ...options }: z.infer<typeof benchSchema>): Promise<number> {
  const result = await measure(suite, options);
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.versions.node,
  };
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...result, machine })}\n`);
    return 0;
  }
  for (const line of columns([
    ['machine', `${machine.processor}, ${machine.cores} cores, Node ${machine.node}`],
    ...rowsOf(result),
  ])) {
    process.stdout.write(`${line}\n`);
  }
  return 0;
}

function rowsOf(result: Result): string[][] {
  if (result.suite === 'memory') return memoryRows(result);
  if (result.suite === 'viewers') return viewersRows(result);
  return result.suite === 'soak' ? soakRows(result) : endToEndRows(result);
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
