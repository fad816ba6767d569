import { DepthcastError } from '../frames/index.ts';
import type { Applied, LiveStreams } from '../pipeline/live/live-streams.ts';
import type { DepthServer } from '../pipeline/server/depth-server.ts';
import { errorReport } from './report.ts';
import type { ServeOptions } from './serve-config.ts';
import type { ServeLog } from './serve-log.ts';
import { streamPlans } from './stream-plans.ts';
import type { FoundModels } from './stream-setup.ts';

/** What a reload did. */
export interface Reloaded extends Applied {
  /** Options that differ now and are looked at only at the start. */
  readonly needsRestart: readonly string[];
}

/** Options that a running service cannot take over. */
const FIXED = [
  ...['host', 'port', 'public', 'token', 'tlsCert', 'tlsKey', 'origin', 'maxViewers', 'maxViewersPerAddress'],
  ...[
    'model',
    'fallback',
    'device',
    'threads',
    'record',
    'recordMb',
    'recordSeconds',
    'recordTopics',
    'recordProfile',
    'stats',
    'json',
  ],
  ...['logLevel', 'logFormat'],
] as const satisfies readonly (keyof ServeOptions)[];

/** What there is to reload. */
interface Running {
  /** What the service was started with, which only a restart replaces. */
  readonly started: ServeOptions;
  options: ServeOptions;
  readonly streams: LiveStreams;
  readonly server: DepthServer;
}

/**
 * Listens for SIGHUP from now on, since one that nobody listens for ends the process. Those that come before the answer
 * is called with what to do count as one, right then.
 */
export function hangups(): (reload: () => void) => void {
  let early = false;
  let onHangup = (): void => {
    early = true;
  };
  process.on('SIGHUP', () => onHangup());
  return (reload) => {
    onHangup = reload;
    if (early) reload();
  };
}

/** Reads the options again and makes the streams those; by SIGHUP and by `POST /admin/reload`. One at a time. */
export class Reloading {
  readonly #read: () => Promise<ServeOptions>;
  readonly #found: FoundModels;
  readonly #log: ServeLog;
  #running: Running | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(read: () => Promise<ServeOptions>, found: FoundModels, log: ServeLog) {
    this.#read = read;
    this.#found = found;
    this.#log = log;
  }

  /** From now on there is something to reload. */
  begin(options: ServeOptions, streams: LiveStreams, server: DepthServer): void {
    this.#running = { started: options, options, streams, server };
  }

  /** Rejects with the first fault, and everything is as it was. */
  reload(): Promise<Reloaded> {
    const reloaded = this.#turn.then(() => this.#reload());
    this.#turn = reloaded.catch(() => {});
    return reloaded;
  }

  async #reload(): Promise<Reloaded> {
    const running = this.#running;
    if (!running) {
      throw new DepthcastError('option-invalid', 'The service is still starting.', {
        advice: 'Try again in a moment.',
      });
    }
    const { streams, server, started, options: before } = running;
    try {
      const options = await this.#read();
      const plans = await streamPlans(options, this.#found);
      this.#log.hide([...before.secrets, ...options.secrets]);
      const putInForce = await server.prepareReload(options.tokens);
      const applied = await streams.apply(plans);
      // Only now: who watches by an old token must not be let go by a reload that is refused.
      putInForce();
      running.options = options;
      const needsRestart = FIXED.filter((key) => JSON.stringify(started[key]) !== JSON.stringify(options[key]));
      this.#tell(applied, needsRestart);
      return { ...applied, needsRestart };
    } catch (error) {
      this.#log.warn({ error }, `reload refused, everything stays as it was: ${errorReport(error).message}`);
      throw error;
    }
  }

  #tell({ added, removed, changed }: Applied, needsRestart: readonly string[]): void {
    const said = [
      ...[['added', added] as const, ['removed', removed] as const, ['changed', changed] as const]
        .filter(([, names]) => names.length > 0)
        .map(([what, names]) => `${what} ${names.join(', ')}`),
      ...(needsRestart.length > 0 ? [`needs a restart: ${needsRestart.join(', ')}`] : []),
    ];
    const facts = { added, removed, changed, needsRestart };
    this.#log.info(facts, `reloaded: ${said.length > 0 ? said.join('; ') : 'nothing has changed'}`);
  }
}
