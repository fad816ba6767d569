import type { Command } from 'commander';
import { z } from 'zod';
import { DepthcastError } from '../frames/index.ts';
import { MAX_PIXELS } from '../pipeline/ffmpeg/recipe.ts';
import { sourceLayouts } from '../pipeline/sources/registry.ts';
import { readConfigFile } from './config-file.ts';
import { LOG_LEVELS } from './report.ts';

/*
 * Every option is said in words on the command line, or in a JSON file with --config, and is checked here, once. The
 * command line wins over the file, the file over the defaults.
 */

/** A whole number, said as a number or in words. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.coerce
    .number({ error: 'must be a number' })
    .int({ error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });

/** A list in JSON, or its entries between commas. */
export const list = <Entry extends z.ZodType>(entry: Entry) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
    z.array(entry).min(1, { error: 'must hold at least one entry' }),
  );

/** The place of a frame in a window. */
export const offset = z
  .union([z.number(), z.string().regex(/^[-+]?\d+$/, { error: 'must be whole numbers such as -1,0,1' })])
  .transform(Number)
  .pipe(z.int({ error: 'must be whole numbers such as -1,0,1' }).min(-64).max(64));

/** WIDTHxHEIGHT that a decoder can make. */
export const size = z
  .string()
  .regex(/^\d+x\d+$/, { error: 'must be WIDTHxHEIGHT such as 640x192' })
  .transform((text) => {
    const [width, height] = text.split('x').map(Number);
    return { width: width!, height: height! };
  })
  .refine(({ width, height }) => width >= 32 && height >= 32 && width * height <= MAX_PIXELS, {
    error: `must be at least 32x32 and at most ${MAX_PIXELS} pixels`,
  });

/** Text that says something. */
export const text = z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' });

const common = {
  logLevel: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  json: z.boolean().default(false),
};

/** Metres of the camera over the ground. */
export const cameraHeight = z.coerce
  .number({ error: 'must be metres such as 1.65' })
  .positive({ error: 'must be above 0' })
  .max(1000, { error: 'must be at most 1000' });

export const streamShape = {
  ...common,
  model: text.default('tc-depth-lite'),
  fallback: text.default('tc-depth-lite-single'),
  window: list(offset).optional(),
  causal: z.boolean().default(false),
  size: size.optional(),
  intrinsics: text.optional(),
  cameraHeight: cameraHeight.optional(),
  layout: text.optional(),
  device: z
    .enum(['cpu', 'cuda', 'dml', 'coreml', 'webgpu', 'auto'], {
      error: 'must be one of cpu, cuda, dml, coreml, webgpu, auto',
    })
    .default('auto'),
  threads: whole(1, 256).optional(),
  maxFrames: whole(1).optional(),
};

const runSchema = z
  .strictObject({
    ...streamShape,
    out: text.default('out'),
    write: list(text).default(['png16', 'csv']),
  })
  .superRefine(oneWindow);
export type RunOptions = z.infer<typeof runSchema>;
/** What run and serve have in common. */
export type StreamOptions = Omit<RunOptions, 'out' | 'write'>;

/** Adds the options that run and serve share to a command's help and parser. */
export function addStreamOptions(command: Command): Command {
  return command
    .option('--model <id>', 'depth model: an id, or the path of a card.json or .onnx (default: tc-depth-lite)')
    .option(
      '--fallback <id>',
      'single-frame model for windows that are not fit, or none (default: tc-depth-lite-single)',
    )
    .option('--window <offsets>', "frames the model looks at, 0 = the frame itself (default: the model's own: -1,0,1)")
    .option('--causal', 'look at past frames only, window -2,-1,0: no wait for the next frame')
    .option('--size <WxH>', "size for the network (default: the model's choice, about 640x192 pixels of area)")
    .option('--intrinsics <camera>', 'fx,fy,cx,cy@WxH in pixels, or a calibration file')
    .option('--camera-height <metres>', 'height of the camera over the road: brings depth of unknown scale to metres')
    .option('--layout <name>', `what SOURCE is, where detection would be wrong: ${sourceLayouts.join(', ')}`)
    .option('--device <name>', 'cpu, cuda, dml, coreml, webgpu or auto (default: auto)')
    .option('--threads <n>', 'threads for the network (default: one fewer than the cores)')
    .option('--max-frames <n>', 'stop after so many frames')
    .option('--config <file>', 'YAML or JSON file with any of these options by their long names in camelCase')
    .option('--log-level <level>', `${LOG_LEVELS.join(', ')} (default: info)`)
    .option('--json', 'print one JSON object as the last line of stdout');
}

/**
 * What was said on the command line, without what is only commander's own default: that would win over the file of
 * `--config` (`--no-token` makes `token` true for everybody who says nothing).
 */
export function saidOptions(command: Command): Record<string, unknown> {
  const said = Object.entries(command.opts()).filter(([key]) => command.getOptionValueSource(key) !== 'default');
  return Object.fromEntries(said);
}

/** Options of `run`, checked. Throws `option-invalid`. */
export async function runOptions(given: Readonly<Record<string, unknown>>): Promise<RunOptions> {
  return check(runSchema, given);
}

/** Window offsets the user wants, `undefined` for the model's own. */
export function windowOf({ window, causal }: Pick<StreamOptions, 'window' | 'causal'>): readonly number[] | undefined {
  return causal ? [-2, -1, 0] : window;
}

/** Checks options against a schema, with `--config` merged in below the command line. Throws `option-invalid`. */
export async function check<Schema extends z.ZodType>(
  schema: Schema,
  { config, ...given }: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<z.infer<Schema>> {
  const file = config === undefined ? undefined : await readConfigFile(String(config), environment);
  const result = schema.safeParse({ ...file, ...given });
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => [...issue.path, key].join('.'));
    throw invalid(
      `${String(config)} has the unknown key "${keys.join('", "')}".`,
      'Remove it; --help lists what there is.',
    );
  }
  const key = String(issue.path[0] ?? '');
  const where = key in given ? `--${kebab(key)}` : `"${issue.path.join('.')}" in ${String(config)}`;
  throw invalid(`${where} ${issue.message.replace(/\.$/, '')}.`, 'Correct it; --help shows an example.');
}

export function oneWindow(options: { window?: unknown; causal: boolean }, context: z.RefinementCtx): void {
  if (!options.causal || options.window === undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['causal'],
    message: 'stands for a window of its own, so leave --window out',
  });
}

function kebab(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function invalid(message: string, advice: string): DepthcastError {
  return new DepthcastError('option-invalid', message, { advice });
}
