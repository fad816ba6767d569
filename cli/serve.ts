import { setTimeout as sleep } from 'node:timers/promises';
import { foxgloveDoor } from '../pipeline/foxglove/foxglove-door.ts';
import { LiveStreams, openPlans } from '../pipeline/live/live-streams.ts';
import { type DepthServer, startServer } from '../pipeline/server/depth-server.ts';
import { Telemetry } from '../pipeline/telemetry/telemetry.ts';
import { onInterrupt } from './interrupt.ts';
import { errorReport } from './report.ts';
import { type ServeOptions, serveOptions } from './serve-config.ts';
import { ServeLog } from './serve-log.ts';
import { startRecording } from './serve-record.ts';
import { hangups, Reloading } from './serve-reload.ts';
import { ServeStats, type StreamFigures } from './serve-stats.ts';
import { streamPlans, UNSEEN } from './stream-plans.ts';
import { findModels, openModels, tellGuesses } from './stream-setup.ts';

/** Milliseconds after Ctrl-C within which the process is gone, whatever still hangs. */
const LEAVE_WITHIN = 4500;
/** Of those, what the frames inside may take to be answered. */
const DRAIN_MS = 1500;

/** Options that name what a reload reads again. */
const RELOADED = ['config', 'tokenFile', 'tlsCert'];

/** Runs the service until Ctrl-C, or until every file has come to its end; answers the exit code. */
export async function serve(sources: readonly string[], given: Readonly<Record<string, unknown>>): Promise<number> {
  // Where nothing can be read again, it means what it always does: the terminal was closed (or nohup says not to mind).
  const onHangup = RELOADED.some((key) => given[key] !== undefined) ? hangups() : undefined;
  const options = await serveOptions(sources, given);
  const log = new ServeLog({ level: options.logLevel, format: options.logFormat });
  log.hide(options.secrets);
  // Until the streams play there is nobody to say goodbye to.
  const stopListening = onInterrupt(() => {
    tellSummary(options, []);
    process.exit(0);
  });
  const found = await findModels(options);
  tellGuesses(found, options, { info: (sentence) => log.info({}, sentence) });
  const plans = await streamPlans(options, found);
  const opened = await openPlans(plans);
  const telemetry = new Telemetry();
  const door = foxgloveDoor();
  const reloading = new Reloading(() => serveOptions(sources, given), found, log);
  const server = await startServer({
    host: options.host,
    port: options.port,
    streams: [],
    allowPublic: options.public,
    withoutToken: !options.token,
    tokens: options.tokens,
    tls: options.tlsCert && options.tlsKey ? { cert: options.tlsCert, key: options.tlsKey } : undefined,
    allowedOrigins: options.origin,
    maxViewers: options.maxViewers,
    maxViewersPerAddress: options.maxViewersPerAddress,
    admin: { reload: () => reloading.reload() },
    telemetry,
    doors: [door],
    onError: (error) => log.warn({ error }, errorReport(error).message),
  });
  let close = (): Promise<unknown> => server.close();
  try {
    door.follow(server);
    const first = opened.map(({ source }) => source.info.size).find((size) => size !== undefined);
    const models = await openModels(found, options, first ?? UNSEEN);
    close = () => Promise.all([server.close(), models.close()]);
    const endRecording = await startRecording(options, server, log);
    close = () => Promise.all([server.close(), models.close(), endRecording()]);
    const streams = new LiveStreams({ ...models, server, telemetry, log });
    await streams.apply(plans, opened);
    reloading.begin(options, streams, server);
    onHangup?.(() => void reloading.reload().catch(() => {}));
    process.stdout.write(`listening on ${server.url}\n`);
    stopListening();
    return await untilOver(streams, server, options, log, () => close());
  } finally {
    await close();
    const { sent, dropped } = door.status();
    if (sent + dropped > 0) {
      log.info(
        { foxglove: { sent, dropped } },
        `foxglove: ${sent} messages sent, ${dropped} passed over for newer ones`,
      );
    }
    telemetry.close();
    log.sink.close();
  }
}

/** Plays until Ctrl-C or the end of the last source, and ends in order. */
async function untilOver(
  streams: LiveStreams,
  server: DepthServer,
  options: ServeOptions,
  log: ServeLog,
  close: () => Promise<unknown>,
): Promise<number> {
  let interrupted = false;
  let told = false;
  let stopListening = (): void => {};
  const asked = new Promise<void>((resolve) => {
    stopListening = onInterrupt(() => {
      interrupted = true;
      setTimeout(() => {
        // Who reads --json gets the sums also where the end takes too long.
        if (!told) tellSummary(options, summaries(streams, server));
        process.exit(0);
      }, LEAVE_WITHIN).unref();
      resolve();
    });
  });
  const stats = options.stats ? new ServeStats(() => figures(streams, server), log, isTerminal()) : undefined;
  const failure = await Promise.race([asked, streams.whenOver()]);
  server.stopping();
  stats?.stop();
  await streams.close(DRAIN_MS);
  const summary = summaries(streams, server);
  for (const { name, frames, dropped } of summary) {
    log.info({ stream: name, frames, dropped }, `${name}: ${frames} depth frames, ${dropped} frames let go`);
  }
  // The last answers are packed and on their way to the viewers in a moment.
  await sleep(50);
  await close();
  if (!interrupted) stopListening();
  if (failure !== undefined && !interrupted) throw failure;
  told = true;
  tellSummary(options, summary);
  return 0;
}

function figures(streams: LiveStreams, server: DepthServer): readonly StreamFigures[] {
  const status = new Map(server.status().map((each) => [each.name, each]));
  return streams.reports().map((report) => {
    const { viewers = 0, lastFrameAgeMs = null, fallbacks = {}, lost = {} } = status.get(report.name) ?? {};
    const sum = Object.values(fallbacks).reduce((all, count) => all + count, 0);
    return { report, viewers, ageMs: lastFrameAgeMs, fallbacks: sum, lost };
  });
}

function summaries(streams: LiveStreams, server: DepthServer) {
  const status = new Map(server.status().map((each) => [each.name, each]));
  return streams.reports().map(({ name, state, in: entered, out, dropped, inside, source, modelFaults }) => ({
    name,
    frames: out,
    dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
    fallbacks: status.get(name)?.fallbacks ?? {},
    state,
    account: { in: entered, out, dropped, inside },
    source,
    modelFaults,
  }));
}

function tellSummary({ json }: ServeOptions, streams: readonly object[]): void {
  if (json) process.stdout.write(`${JSON.stringify({ streams })}\n`);
}

function isTerminal(): boolean {
  return process.stderr.isTTY === true;
}
