import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lastValueFrom, tap } from 'rxjs';
import type { DepthFrame, Frame, FrameWindow, Size } from '../frames/index.ts';
import { type InferenceClient, openModel } from '../models/index.ts';
import { checkedThreads } from '../models/registry.ts';
import { broadcast } from '../operators/index.ts';
import { depthStream } from '../pipeline/depth-stream.ts';
import { framesOf } from '../pipeline/frames-of.ts';
import { type DepthServer, startServer } from '../pipeline/server/depth-server.ts';
import { encodeFrame } from '../pipeline/server/frame-encoder.ts';
import { openSource } from '../pipeline/sources/registry.ts';
import { packageFile } from './package-file.ts';
import type { Seen } from './stream-viewer.ts';

/** What is measured, and on what. */
export interface EndToEndOptions {
  /** Footage; default the sample clip. */
  readonly source?: string | undefined;
  /** Threads of the network; default as `run` and `serve` have it. */
  readonly threads?: number | undefined;
  /** Frames of a round; default 150. All of them are held in memory for the bare rounds. */
  readonly frames?: number | undefined;
  /** Rounds of each kind, in turn; default 3. */
  readonly rounds?: number | undefined;
  /** Network size; default 640×192. */
  readonly size?: Size | undefined;
}

/** One bare round and one end-to-end round, one after the other. */
export interface EndToEndRound {
  /** Milliseconds the inference worker was busy with the bare frames. */
  readonly bareMs: number;
  /** Milliseconds the bare round took by the wall clock. */
  readonly bareWallMs: number;
  /** Milliseconds from asking for the first frame until the viewer had the last. */
  readonly wallMs: number;
  /** Messages that reached the viewer. */
  readonly delivered: number;
  readonly fps: number;
  /** `bareMs / wallMs`. */
  readonly share: number;
  /** Milliseconds the inference worker was busy during the end-to-end round. */
  readonly busyMs: number;
}

/** What {@link endToEnd} found. Times in milliseconds; per-frame figures are means, the rest medians over the rounds. */
export interface EndToEndResult {
  readonly suite: 'end-to-end';
  readonly size: Size;
  readonly threads: number;
  readonly frames: number;
  readonly fps: number;
  readonly share: number;
  readonly rounds: readonly EndToEndRound[];
  readonly stageMs: {
    /** Decoding and scaling alone, nothing else running. */
    readonly decode: number;
    /** The network alone, on frames in memory. */
    readonly bareInference: number;
    /** The network while everything else runs beside it. */
    readonly inference: number;
    /** JPEG, quantisation and packing alone. */
    readonly encode: number;
  };
  /** Age of a frame when the viewer has it. Footage is read ahead, so it holds the wait in the pipeline's queues. */
  readonly ageMs: { readonly p50: number; readonly p95: number };
  /** 99th percentile of the delay of the main thread's event loop while all was running. */
  readonly eventLoopP99Ms: number;
  readonly bytesPerFrame: number;
}

/**
 * File in, depth and JPEG out over a WebSocket to one viewer in another process; beside it, in the same run and in turn,
 * what the bare ONNX sessions need for the same frames: the same graphs in the same worker, on frames already decoded,
 * with nothing else to do.
 */
export async function endToEnd(options: EndToEndOptions = {}): Promise<EndToEndResult> {
  const path = options.source ?? packageFile('samples/street/street.mp4');
  const threads = checkedThreads(options.threads);
  const { frames: wanted = 150, rounds: count = 3, size = { width: 640, height: 192 } } = options;
  const { info } = await openSource(path);
  const model = await openModel('tc-depth-lite', { threads, source: info.size });
  const fallback = await openModel('tc-depth-lite-single', { threads, source: info.size });
  try {
    const decodeBegan = performance.now();
    const footage = await readAhead(path, size, wanted);
    const decode = (performance.now() - decodeBegan) / footage.length;
    const rounds: EndToEndRound[] = [];
    const seen: Seen[] = [];
    const delays: number[] = [];
    let sample: DepthFrame | undefined;
    for (let round = 0; round < count; round++) {
      const bare = await bareRound(footage, model, fallback, `bare-${round}`);
      const full = await fullRound({ path, size, wanted: footage.length, model, fallback, stream: `full-${round}` });
      sample ??= full.sample;
      seen.push(...full.seen);
      delays.push(full.eventLoopP99Ms);
      rounds.push({ ...bare, ...full.round, share: bare.bareMs / full.round.wallMs });
    }
    return {
      suite: 'end-to-end',
      size,
      threads,
      frames: footage.length,
      fps: median(rounds.map(({ fps }) => fps)),
      share: median(rounds.map(({ share }) => share)),
      rounds,
      stageMs: {
        decode,
        bareInference: median(rounds.map(({ bareMs }) => bareMs)) / footage.length,
        inference: median(rounds.map(({ busyMs }) => busyMs)) / footage.length,
        encode: sample === undefined ? 0 : await encodingAlone(sample),
      },
      ageMs: {
        p50: quantile(
          seen.map(({ ageMs }) => ageMs),
          0.5,
        ),
        p95: quantile(
          seen.map(({ ageMs }) => ageMs),
          0.95,
        ),
      },
      eventLoopP99Ms: Math.max(...delays),
      bytesPerFrame: seen.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, seen.length),
    };
  } finally {
    await Promise.all([model.close(), fallback.close()]);
  }
}

async function readAhead(path: string, size: Size, wanted: number): Promise<Frame[]> {
  const source = await openSource(path);
  const frames: Frame[] = [];
  for await (const frame of source.frames({ stream: 'ahead', size, maxFrames: wanted })) frames.push(frame);
  return frames;
}

async function bareRound(
  footage: readonly Frame[],
  model: InferenceClient,
  fallback: InferenceClient,
  stream: string,
): Promise<{ bareMs: number; bareWallMs: number }> {
  // A stream of its own, so that no features are left over from an earlier round.
  const frames = footage.map((frame) => ({ ...frame, stream }));
  const before = model.statistics.busyMs + fallback.statistics.busyMs;
  const began = performance.now();
  const running = new Set<Promise<unknown>>();
  for (const [at, target] of frames.entries()) {
    const context = model.contextOffsets.map((offset) => frames[at + offset]);
    const window: FrameWindow = { target, offsets: model.contextOffsets, context };
    const answer = (context.includes(undefined) ? fallback : model).estimate(window);
    running.add(answer);
    void answer.finally(() => running.delete(answer));
    if (running.size >= model.inFlight) await Promise.race(running);
  }
  await Promise.all(running);
  const bareWallMs = performance.now() - began;
  return { bareMs: model.statistics.busyMs + fallback.statistics.busyMs - before, bareWallMs };
}

interface FullRound {
  readonly round: Omit<EndToEndRound, 'bareMs' | 'bareWallMs' | 'share'>;
  readonly seen: readonly Seen[];
  readonly eventLoopP99Ms: number;
  readonly sample: DepthFrame | undefined;
}

async function fullRound(parts: {
  readonly path: string;
  readonly size: Size;
  readonly wanted: number;
  readonly model: InferenceClient;
  readonly fallback: InferenceClient;
  readonly stream: string;
}): Promise<FullRound> {
  const { path, size, wanted, model, fallback, stream } = parts;
  const server = await startServer({ port: 0, streams: [stream] });
  const viewer = await startViewer(server, stream);
  try {
    const seen: Seen[] = [];
    let lastSeenAt = 0;
    viewer.on('message', (message: Seen) => {
      seen.push(message);
      lastSeenAt = performance.now();
    });
    const source = await openSource(path);
    const busyBefore = model.statistics.busyMs + fallback.statistics.busyMs;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const began = performance.now();
    let answers = 0;
    let sample: DepthFrame | undefined;
    const frames = framesOf(source, { stream, size, maxFrames: wanted });
    await lastValueFrom(
      depthStream(frames, { model, fallback }).pipe(
        broadcast(server.hub(stream)),
        tap((answer) => {
          answers++;
          sample = answer;
        }),
      ),
    );
    delay.disable();
    // The last answer is still to be packed and sent; the hub may leave out others, never the newest.
    for (let waited = 0; waited < 2000 && seen.at(-1)?.sequence !== answers - 1; waited += 5) await sleep(5);
    const wallMs = lastSeenAt - began;
    const busyMs = model.statistics.busyMs + fallback.statistics.busyMs - busyBefore;
    return {
      round: { wallMs, delivered: seen.length, fps: (seen.length * 1000) / wallMs, busyMs },
      seen,
      // The histogram holds whole intervals of its one-millisecond timer.
      eventLoopP99Ms: Math.max(0, delay.percentile(99) / 1e6 - 1),
      sample,
    };
  } finally {
    await server.close();
    if (viewer.exitCode === null) viewer.kill();
  }
}

async function startViewer(server: DepthServer, stream: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./stream-viewer.js', import.meta.url));
  const viewer = fork(program, [`${server.url.replace('http', 'ws')}/streams/${stream}`], { stdio: 'inherit' });
  await once(viewer, 'message');
  return viewer;
}

async function encodingAlone(answer: DepthFrame): Promise<number> {
  const repeats = 50;
  const began = performance.now();
  for (let i = 0; i < repeats; i++) await encodeFrame(answer, { sequence: i, dropped: 0 }, {});
  return (performance.now() - began) / repeats;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
