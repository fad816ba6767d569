import { Command } from 'commander';
import { EMPTY, type Observable, Subject, takeUntil } from 'rxjs';
import { catchError, finalize, tap } from 'rxjs/operators';
import { type CameraIntrinsics, DepthcastError, type DepthFrame, type Size } from '../frames/index.ts';
import { broadcast } from '../operators/index.ts';
import { readIntrinsics } from '../pipeline/datasets/intrinsics-text.ts';
import { depthStream } from '../pipeline/depth-stream.ts';
import { redact } from '../pipeline/ffmpeg/redact.ts';
import { framesOf } from '../pipeline/frames-of.ts';
import { type DepthServer, startServer } from '../pipeline/server/depth-server.ts';
import type { FrameSource } from '../pipeline/sources/frame-source.ts';
import { openSource } from '../pipeline/sources/registry.ts';
import { onInterrupt } from './interrupt.ts';
import { addStreamOptions, type ServeOptions, serveOptions } from './options.ts';
import { errorLine, Report } from './report.ts';
import { findModels, networkSize, type OpenModels, openModels, tellGuesses } from './stream-setup.ts';

/** Milliseconds after Ctrl-C within which the process is gone, whatever still hangs. */
const LEAVE_WITHIN = 4500;

/** `depthcast serve`: depth of one or more sources, live, with a viewer and a WebSocket a stream on one port. */
export function serveCommand(done: (exitCode: number) => void): Command {
  return addStreamOptions(
    new Command('serve')
      .description('Live depth of cameras and files, with a viewer and one WebSocket a stream on one port.')
      .argument('<source...>', 'what to show; NAME=SOURCE names a stream, others are called 1, 2, … in order')
      .option('--host <host>', 'address to listen on (default: 127.0.0.1, which only this machine reaches)')
      .option('--public', 'needed beside a --host that others reach: the streams have no password')
      .option('--port <port>', 'port to listen on, 0 = any free one (default: 8080)')
      .option('--once', 'play files once instead of in a loop, and end when all sources have ended'),
  )
    .addHelpText(
      'after',
      `
Files are played at their own pace, in a loop. Cameras are never made to wait: frames that nobody has time for are let
go and counted. Ctrl-C says goodbye to the viewers and ends with exit code 0.

Example:
  $ depthcast serve yard=rtsp://192.0.2.7/stream street=drive.mp4 --port 8080
`,
    )
    .action(async (sources: string[], given: Record<string, unknown>) => {
      done(await serve(sources, await serveOptions(given)));
    });
}

/** One source with its name. */
interface Stream {
  readonly name: string;
  readonly source: FrameSource;
  /** At which the network looks at it. */
  readonly size: Size;
  readonly intrinsics: CameraIntrinsics | undefined;
}

async function serve(sources: readonly string[], options: ServeOptions): Promise<number> {
  const report = new Report(options.logLevel);
  // Until the streams play there is nobody to say goodbye to.
  const stopListening = onInterrupt(() => {
    if (options.json) process.stdout.write(`${JSON.stringify({ streams: [] })}\n`);
    process.exit(0);
  });
  const found = await findModels(options);
  tellGuesses(found, options, report);
  const streams: Stream[] = [];
  for (const { name, source: text } of namedSources(sources)) {
    const source = await openSource(text, { layout: options.layout });
    const size = networkSize(found, options.size, source.info.size);
    streams.push({ name, source, size, intrinsics: await camera(options, source) });
  }
  const server = await startServer({
    host: options.host,
    port: options.port,
    streams: streams.map(({ name }) => name),
    allowPublic: options.public,
    onError: (error) => report.warn(errorLine(error)),
  });
  let models: OpenModels | undefined;
  try {
    models = await openModels(found, options, streams[0]!.source.info.size);
    process.stdout.write(`listening on ${server.url}\n`);
    stopListening();
    return await play(streams, server, models, options, report);
  } finally {
    await Promise.all([server.close(), models?.close()]);
  }
}

/** Plays all streams until Ctrl-C, or until the last one has ended; answers the exit code. */
function play(
  streams: readonly Stream[],
  server: DepthServer,
  models: OpenModels,
  options: ServeOptions,
  report: Report,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const stopped = new Subject<void>();
    let playing = streams.length;
    let failure: unknown;
    let interrupted = false;
    const finish = (): void => {
      stopListening();
      const status = server
        .status()
        .map(({ name, frames, dropped, fallbacks }) => ({ name, frames, dropped, fallbacks }));
      for (const { name, frames, dropped } of status)
        report.info(`${name}: ${frames} depth frames, ${dropped} frames let go`);
      if (failure !== undefined && !interrupted) {
        reject(failure);
        return;
      }
      if (options.json) process.stdout.write(`${JSON.stringify({ streams: status })}\n`);
      resolve(0);
    };
    const stopListening = onInterrupt(() => {
      interrupted = true;
      setTimeout(() => process.exit(0), LEAVE_WITHIN).unref();
      stopped.next();
    });
    for (const stream of streams) {
      depthOf(stream, models, options)
        .pipe(
          broadcast(server.hub(stream.name), { onError: (error) => report.warn(errorLine(error)) }),
          takeUntil(stopped),
          tap({ complete: () => report.debug(`${stream.name} has ended`) }),
          catchError((error: unknown) => {
            failure ??= error;
            if (streams.length > 1) report.error(error);
            return EMPTY;
          }),
          finalize(() => {
            server.hub(stream.name).end();
            if (--playing === 0) finish();
          }),
        )
        .subscribe();
    }
  });
}

function depthOf(
  { name, source, size, intrinsics }: Stream,
  { model, fallback }: OpenModels,
  options: ServeOptions,
): Observable<DepthFrame> {
  const { live } = source.info;
  const frames = framesOf(source, {
    stream: name,
    size,
    intrinsics,
    maxFrames: options.maxFrames,
    loop: !options.once && !live,
    realTime: !live,
  });
  return depthStream(frames, {
    model,
    fallback,
    offsets: model.contextOffsets,
    live,
    cameraHeight: options.cameraHeight,
  });
}

function camera({ intrinsics }: ServeOptions, { info }: FrameSource): Promise<CameraIntrinsics> | undefined {
  return intrinsics === undefined ? undefined : readIntrinsics(intrinsics, info.size);
}

/** `NAME=SOURCE` or `SOURCE` as name and source. Throws `option-invalid` where two share a name. */
export function namedSources(sources: readonly string[]): { name: string; source: string }[] {
  const named = sources.map((text, at) => {
    const match = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})=(.+)$/s.exec(text);
    return match ? { name: match[1]!, source: match[2]! } : { name: String(at + 1), source: text };
  });
  const twice = named.find(({ name }, at) => named.findIndex((other) => other.name === name) !== at);
  if (!twice) return named;
  throw new DepthcastError('option-invalid', `Two streams are called ${twice.name} (${redact(twice.source)}).`, {
    advice: 'Give each its own name: NAME=SOURCE.',
  });
}
