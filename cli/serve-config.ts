import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DepthcastError } from '../frames/index.ts';
import { redact, secretsOf } from '../pipeline/ffmpeg/redact.ts';
import { STREAM_NAME } from '../pipeline/server/stream-name.ts';
import type { GivenTokens } from '../pipeline/server/tokens.ts';
import { withEnvironment } from './config-file.ts';
import { cameraHeight, check, list, offset, oneWindow, size, streamShape, text, whole } from './options.ts';

const milliseconds = whole(10, 86_400_000);
const token = z.union(
  [text, z.strictObject({ token: text, streams: list(text).optional(), expires: z.string().optional() })],
  { error: 'must be a token, or a mapping of token, streams and expires' },
);

/** What is told of a camera or file by itself; everything else holds for all streams. */
const perStream = {
  intrinsics: text.optional(),
  layout: text.optional(),
  window: list(offset).optional(),
  causal: z.boolean().optional(),
  size: size.optional(),
  maxFrames: whole(1).optional(),
  once: z.boolean().optional(),
  transport: z.enum(['tcp', 'udp'], { error: 'must be tcp or udp' }).optional(),
  startTimeoutMs: milliseconds.optional(),
  stallTimeoutMs: milliseconds.optional(),
  staleAfterMs: milliseconds.optional(),
  allowHosts: list(text).optional(),
  insecureTls: z.boolean().optional(),
  budgetMs: milliseconds.optional(),
  cameraHeight: cameraHeight.optional(),
};

const name = z.string().regex(new RegExp(`^${STREAM_NAME}$`), {
  error: 'must be up to 64 letters, digits, dots, dashes and underscores',
});
const streamEntry = z.preprocess(
  (value) => (typeof value === 'string' ? { source: value } : value),
  z
    .strictObject({ source: text, ...perStream }, { error: 'must be a source, or a mapping with one' })
    .superRefine((stream, context) => oneWindow({ window: stream.window, causal: stream.causal === true }, context)),
);

const serveSchema = z
  .strictObject({
    ...streamShape,
    ...perStream,
    causal: z.boolean().default(false),
    once: z.boolean().default(false),
    streams: z.record(name, streamEntry, { error: 'must be a mapping of names to sources' }).default({}),
    host: text.default('127.0.0.1'),
    port: whole(0, 65_535).default(8080),
    public: z.boolean().default(false),
    /** `--no-token` makes it false. */
    token: z.boolean().default(true),
    tokenFile: text.optional(),
    tokens: z.strictObject({ viewer: z.array(token).optional(), admin: z.array(token).optional() }).default({}),
    tlsCert: text.optional(),
    tlsKey: text.optional(),
    origin: list(text).default([]),
    maxViewers: whole(1, 10_000).optional(),
    maxViewersPerAddress: whole(1, 10_000).optional(),
    record: text.optional(),
    recordMb: whole(1).optional(),
    recordSeconds: whole(1).optional(),
    recordTopics: list(text).optional(),
    recordProfile: z.enum(['foxglove', 'ros2'], { error: 'must be foxglove or ros2' }).optional(),
    stats: z.boolean().default(false),
    logFormat: z.enum(['text', 'json'], { error: 'must be text or json' }).default('text'),
  })
  .superRefine(oneWindow)
  .superRefine(({ tlsCert, tlsKey }, context) => {
    if ((tlsCert === undefined) === (tlsKey === undefined)) return;
    context.addIssue({
      code: 'custom',
      path: [tlsCert ? 'tlsKey' : 'tlsCert'],
      message: 'is missing beside the other',
    });
  });

/** Options of `serve`, checked, before the sources of the command line are put to them. */
type ServeFlags = z.infer<typeof serveSchema>;
/** One stream as it was asked for. */
export type StreamConfig = z.infer<typeof streamEntry>;

/** Everything `serve` was asked for: the command line over the file over the defaults. */
export interface ServeOptions extends Omit<ServeFlags, 'streams' | 'tokens'> {
  readonly streams: ReadonlyMap<string, StreamConfig>;
  readonly tokens: GivenTokens;
  /** Texts that may appear nowhere: tokens, and the passwords in URLs. */
  readonly secrets: readonly string[];
}

/**
 * Options of `serve` from the command line, `--config`, `--token-file`, and the environment (DEPTHCAST_VIEWER_TOKEN,
 * DEPTHCAST_ADMIN_TOKEN, and what `${NAME}` asks for). May be called again to read the files anew. Throws
 * `option-invalid`, with the path of the key where it stands in a file.
 */
export async function serveOptions(
  sources: readonly string[],
  given: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ServeOptions> {
  const { streams: configured, tokens: written, ...flags } = await check(serveSchema, given, environment);
  const streams = new Map(Object.entries(configured));
  for (const { name: called, source } of namedSources(sources)) {
    const place = withEnvironment(source, environment, `The source ${redact(source)}`);
    streams.set(called, { ...streams.get(called), source: place });
  }
  if (streams.size === 0) {
    throw invalid('No source was given.', 'Name one: depthcast serve cam=rtsp://…, or streams in the --config file.');
  }
  const tokens = allTokens(written, await tokenFile(flags.tokenFile), environment);
  return { ...flags, streams, tokens, secrets: [...secretsIn(streams), ...tokenTexts(tokens)] };
}

const NAMED_SOURCE = new RegExp(`^(${STREAM_NAME})=(.+)$`, 's');

/** `NAME=SOURCE` or `SOURCE` as name and source. Throws `option-invalid` where two share a name. */
export function namedSources(sources: readonly string[]): { name: string; source: string }[] {
  const named = sources.map((source, at) => {
    const match = NAMED_SOURCE.exec(source);
    return match ? { name: match[1]!, source: match[2]! } : { name: String(at + 1), source };
  });
  const twice = named.find(({ name: called }, at) => named.findIndex((other) => other.name === called) !== at);
  if (!twice) return named;
  throw invalid(
    `Two streams are called ${twice.name} (${redact(twice.source)}).`,
    'Give each its own name: NAME=SOURCE.',
  );
}

/** Lines `viewer TOKEN`, `admin TOKEN` or a viewer's TOKEN alone; `#` begins a comment. */
async function tokenFile(path: string | undefined): Promise<GivenTokens> {
  if (path === undefined) return {};
  const lines = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw invalid(`The file of --token-file, ${path}, cannot be read (${cause.code}).`, 'Check path and permissions.');
  });
  const tokens = { viewer: [] as string[], admin: [] as string[] };
  for (const [at, line] of lines.split('\n').entries()) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/);
    if (words[0] === '') continue;
    const [role, word] = words.length === 1 ? ['viewer', words[0]] : words;
    if ((role !== 'viewer' && role !== 'admin') || words.length > 2) {
      throw invalid(`Line ${at + 1} of ${path} is no token.`, 'A line is: viewer TOKEN, admin TOKEN, or TOKEN.');
    }
    tokens[role].push(word!);
  }
  return tokens;
}

function allTokens(written: GivenTokens, file: GivenTokens, environment: NodeJS.ProcessEnv): GivenTokens {
  const ofEnvironment = (variable: string): string[] => {
    const value = environment[variable];
    return value ? [value] : [];
  };
  return {
    viewer: [...(written.viewer ?? []), ...(file.viewer ?? []), ...ofEnvironment('DEPTHCAST_VIEWER_TOKEN')],
    admin: [...(written.admin ?? []), ...(file.admin ?? []), ...ofEnvironment('DEPTHCAST_ADMIN_TOKEN')],
  };
}

function secretsIn(streams: ReadonlyMap<string, StreamConfig>): string[] {
  return [...streams.values()].flatMap(({ source }) => (URL.canParse(source) ? secretsOf(new URL(source)) : []));
}

function tokenTexts({ viewer = [], admin = [] }: GivenTokens): string[] {
  return [...viewer, ...admin].map((given) => (typeof given === 'string' ? given : given.token));
}

function invalid(message: string, advice: string): DepthcastError {
  return new DepthcastError('option-invalid', message, { advice });
}
