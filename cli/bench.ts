import { availableParallelism, cpus } from 'node:os';
import { Command } from 'commander';
import { z } from 'zod';
import { SUITES } from './bench-suites.ts';
import { check, text } from './options.ts';
import { columns } from './table.ts';

const names = Object.keys(SUITES);
const positive = z.coerce.number({ error: 'must be a number' }).positive({ error: 'must be above 0' });
const whole = positive.pipe(z.int({ error: 'must be a whole number' }));
const benchSchema = z.strictObject({
  suite: z.enum(names, { error: `must be one of ${names.join(', ')}` }).default('end-to-end'),
  source: text.optional(),
  threads: whole.optional(),
  frames: whole.optional(),
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
    .option('--suite <name>', `what to measure: ${names.join(', ')} (default: end-to-end)`)
    .option('--source <file>', 'footage (default: the sample clip)')
    .option('--threads <n>', 'threads for the network (default: one fewer than the cores)')
    .option('--frames <n>', 'end-to-end and metrics: frames a round (default: 150, metrics: 20)')
    .option('--rounds <n>', 'rounds of each kind, in turn (default: 3)')
    .option('--minutes <n>', 'memory: minutes of video; soak: minutes of faults (default: 10)')
    .option('--cameras <n>', 'soak: fake cameras (default: 3)')
    .option('--viewers <n>', 'soak: viewers (default: two a camera); viewers: the crowd set against one (default: 200)')
    .option('--seed <n>', 'soak: which faults in which order (default: 1)')
    .option('--seconds <n>', 'viewers: seconds each is watched (default: 6)')
    .option('--json', 'print one JSON object as the last line of stdout')
    .addHelpText('after', '\nExample:\n  $ depthcast bench --suite end-to-end --json\n')
    .action(async (given: Record<string, unknown>) => done(await bench(await check(benchSchema, given))));
}

async function bench({ suite, json, ...options }: z.infer<typeof benchSchema>): Promise<number> {
  const { result, rows } = await SUITES[suite]!(options);
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
    ...rows,
  ])) {
    process.stdout.write(`${line}\n`);
  }
  return 0;
}
