import { availableParallelism, cpus } from 'node:os';
import { Command } from 'commander';
import { z } from 'zod';
import { type EndToEndResult, endToEnd } from '../bench/end-to-end.ts';
import { type MemoryResult, memory } from '../bench/memory.ts';
import { type MetricTimes, metricTimes } from '../bench/metrics.ts';
import { check, text } from './options.ts';
import { columns } from './table.ts';

const SUITES = ['end-to-end', 'memory', 'metrics'] as const;

const positive = z.coerce.number({ error: 'must be a number' }).positive({ error: 'must be above 0' });
const whole = positive.pipe(z.int({ error: 'must be a whole number' }));
const benchSchema = z.strictObject({
  suite: z.enum(SUITES, { error: `must be one of ${SUITES.join(', ')}` }).default('end-to-end'),
  source: text.optional(),
  threads: whole.optional(),
  frames: whole.default(150),
  rounds: whole.default(3),
  minutes: positive.default(10),
  json: z.boolean().default(false),
});

/** `depthcast bench`: this machine's figures. */
export function benchCommand(done: (exitCode: number) => void): Command {
  return new Command('bench')
    .description("This machine's figures, as a table and as JSON.")
    .option('--suite <name>', `what to measure: ${SUITES.join(', ')} (default: end-to-end)`)
    .option('--source <file>', 'footage (default: the sample clip)')
    .option('--threads <n>', 'threads for the network (default: one fewer than the cores)')
    .option('--frames <n>', 'end-to-end: frames a round; metrics: frames in all (default: 150)')
    .option('--rounds <n>', 'end-to-end: rounds of each kind, in turn (default: 3)')
    .option('--minutes <n>', 'memory: minutes of video (default: 10)')
    .option('--json', 'print one JSON object as the last line of stdout')
    .addHelpText('after', '\nExample:\n  $ depthcast bench --suite end-to-end --json\n')
    .action(async (given: Record<string, unknown>) => done(await bench(await check(benchSchema, given))));
}

async function bench({ suite, json, ...options }: z.infer<typeof benchSchema>): Promise<number> {
  const result =
    suite === 'memory'
      ? await memory({
          ...options,
          onSample: (seconds, megabytes) => {
            if (Math.round(seconds) % 10 === 0)
              process.stderr.write(`${seconds.toFixed(0)} s: ${megabytes.toFixed(0)} MB\n`);
          },
        })
      : suite === 'metrics'
        ? await metricTimes(options)
        : await endToEnd(options);
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.versions.node,
  };
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...result, machine })}\n`);
    return 0;
  }
  const rows = rowsOf(result);
  for (const line of columns([
    ['machine', `${machine.processor}, ${machine.cores} cores, Node ${machine.node}`],
    ...rows,
  ])) {
    process.stdout.write(`${line}\n`);
  }
  return 0;
}

function rowsOf(result: EndToEndResult | MemoryResult | MetricTimes): string[][] {
  if (result.suite === 'memory') return memoryRows(result);
  return result.suite === 'metrics' ? metricRows(result) : endToEndRows(result);
}

function metricRows({ frames, size, metrics }: MetricTimes): string[][] {
  return [
    ['footage', `${frames} frames at ${size.width}x${size.height}, one core`],
    ...metrics.map(({ name, p50Ms, p95Ms, cpuMs }) => [
      name,
      `p50 ${p50Ms.toFixed(2)} ms, p95 ${p95Ms.toFixed(2)} ms, processor ${cpuMs.toFixed(2)} ms a frame`,
    ]),
  ];
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
