import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Size, ViewWish } from '../frames/index.ts';
import { type InferenceClient, openModel } from '../models/index.ts';
import { checkedThreads } from '../models/registry.ts';
import { broadcast } from '../operators/index.ts';
import { depthStream } from '../pipeline/depth-stream.ts';
import { framesOf } from '../pipeline/frames-of.ts';
import { type DepthServer, startServer } from '../pipeline/server/depth-server.ts';
import { openFootage } from '../pipeline/sources/registry.ts';
import type { CrowdCount, CrowdOrder } from './crowd.ts';
import { packageFile } from './package-file.ts';

/** What is measured, and on what. */
export interface ViewersOptions {
  /** Footage, played in a loop; default the sample clip. */
  readonly source?: string | undefined;
  readonly threads?: number | undefined;
  /** Viewers of the large crowd; default 200. */
  readonly viewers?: number | undefined;
  /** Turns of one viewer and of the crowd; default 3. */
  readonly rounds?: number | undefined;
  /** Seconds each is watched; default 6. */
  readonly seconds?: number | undefined;
  /** Network size; default 640×192. */
  readonly size?: Size | undefined;
}

/** What one viewer, or a crowd of them, saw and cost. */
export interface CrowdLoad {
  /** Depth frames the pipeline published a second. */
  readonly fps: number;
  /** Messages a viewer got a second: mean, and of the one that got the fewest. */
  readonly viewerFps: number;
  readonly fewestFps: number;
  /** Megabytes (10^6) sent a second. */
  readonly megabytes: number;
  /** 99th percentile of the delay of the main thread's event loop, milliseconds. */
  readonly eventLoopP99Ms: number;
  /** Processor time of the pipeline and server, in cores; the viewers' own process is not in it. */
  readonly cores: number;
  /**
   * Processor milliseconds of all of it for each depth frame published: decoding, the network, packing and sending. It
   * says what viewers cost also where other programs take the processor away.
   */
  readonly cpuMsPerFrame: number;
}

/** One way of watching: one viewer against many, in turn, in one run. */
export interface CrowdComparison {
  readonly name: string;
  /** Whether the footage is played at its own pace, as `serve` does, or as fast as the network answers. */
  readonly paced: boolean;
  readonly wish: Partial<ViewWish>;
  readonly one: CrowdLoad;
  readonly many: CrowdLoad;
  /** Rate with many viewers over rate with one, of each round, and their median. */
  readonly ratios: readonly number[];
  readonly ratio: number;
  /** Processor time a frame with many viewers over that with one: median of the rounds. */
  readonly cpuRatio: number;
}

/** What {@link viewers} found; loads are medians over the rounds. */
export interface ViewersResult {
  readonly suite: 'viewers';
  readonly viewers: number;
  readonly seconds: number;
  readonly comparisons: readonly CrowdComparison[];
}

const KINDS: readonly { readonly name: string; readonly paced: boolean; readonly wish: Partial<ViewWish> }[] = [
  { name: 'own pace, everything', paced: true, wish: {} },
  { name: 'own pace, quarter size, 5 a second', paced: true, wish: { size: 'quarter', maxFps: 5 } },
  { name: 'flat out, everything', paced: false, wish: {} },
  { name: 'flat out, quarter size, 5 a second', paced: false, wish: { size: 'quarter', maxFps: 5 } },
];

/**
 * Whether viewers slow the pipeline down: the sample street through the built-in network and the server, watched by one
 * viewer and by many in turn, the viewers in another process of the same machine.
 */
export async function viewers(options: ViewersOptions = {}): Promise<ViewersResult> {
  const path = options.source ?? packageFile('samples/street/street.mp4');
  const { viewers: crowd = 200, rounds = 3, seconds = 6, size = { width: 640, height: 192 } } = options;
  const threads = checkedThreads(options.threads);
  const { info } = await openFootage(path);
  const model = await openModel('tc-depth-lite', { threads, source: info.size });
  const fallback = await openModel('tc-depth-lite-single', { threads, source: info.size });
  try {
    const comparisons: CrowdComparison[] = [];
    for (const kind of KINDS) {
      comparisons.push(await compare({ ...kind, path, size, model, fallback, crowd, rounds, seconds }));
    }
    return { suite: 'viewers', viewers: crowd, seconds, comparisons };
  } finally {
    await Promise.all([model.close(), fallback.close()]);
  }
}

async function compare(parts: {
  readonly name: string;
  readonly paced: boolean;
  readonly wish: Partial<ViewWish>;
  readonly path: string;
  readonly size: Size;
  readonly model: InferenceClient;
  readonly fallback: InferenceClient;
  readonly crowd: number;
  readonly rounds: number;
  readonly seconds: number;
}): Promise<CrowdComparison> {
  const { name, paced, wish, path, size, model, fallback, crowd, rounds, seconds } = parts;
  const stream = paced ? 'paced' : 'flat-out';
  const server = await startServer({ port: 0, streams: [stream], maxViewers: crowd, maxViewersPerAddress: crowd });
  const source = await openFootage(path);
  const frames = framesOf(source, { stream, size, loop: true, realTime: paced });
  const playing = depthStream(frames, { model, fallback })
    .pipe(broadcast(server.hub(stream)))
    .subscribe();
  try {
    const one: CrowdLoad[] = [];
    const many: CrowdLoad[] = [];
    // The first second is the start of the decoder and of the network.
    await sleep(1000);
    for (let round = 0; round < rounds; round++) {
      one.push(await watched(server, stream, { viewers: 1, wish }, seconds));
      many.push(await watched(server, stream, { viewers: crowd, wish }, seconds));
    }
    const ratios = many.map(({ fps }, round) => fps / one[round]!.fps);
    const cpuRatio = median(many.map(({ cpuMsPerFrame }, round) => cpuMsPerFrame / one[round]!.cpuMsPerFrame));
    return { name, paced, wish, one: medianLoad(one), many: medianLoad(many), ratios, ratio: median(ratios), cpuRatio };
  } finally {
    playing.unsubscribe();
    await server.close();
  }
}

async function watched(
  server: DepthServer,
  stream: string,
  order: Omit<CrowdOrder, 'url'>,
  seconds: number,
): Promise<CrowdLoad> {
  const url = `${server.url.replace('http', 'ws')}/streams/${stream}`;
  const crowd = await gather({ ...order, url });
  try {
    // Joining is not what is measured.
    await sleep(500);
    await countOf(crowd);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const before = server.status()[0]!.frames;
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    await sleep(seconds * 1000);
    const elapsed = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const published = server.status()[0]!.frames - before;
    delay.disable();
    const { messages, bytes, fewest } = await countOf(crowd);
    return {
      fps: published / elapsed,
      viewerFps: messages / order.viewers / elapsed,
      fewestFps: fewest / elapsed,
      megabytes: bytes / 1e6 / elapsed,
      // The histogram holds whole intervals of its one-millisecond timer.
      eventLoopP99Ms: Math.max(0, delay.percentile(99) / 1e6 - 1),
      cores: (user + system) / 1e6 / elapsed,
      cpuMsPerFrame: (user + system) / 1000 / Math.max(1, published),
    };
  } finally {
    crowd.disconnect();
    await once(crowd, 'exit');
  }
}

async function gather(order: CrowdOrder): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./crowd.js', import.meta.url));
  const crowd = fork(program, [JSON.stringify(order)], { stdio: 'inherit', execArgv: [] });
  const [answer] = (await Promise.race([once(crowd, 'message'), once(crowd, 'exit')])) as [unknown];
  if (answer !== 'open') throw new Error(`The viewers' process ended before all were in (${String(answer)}).`);
  return crowd;
}

async function countOf(crowd: ChildProcess): Promise<CrowdCount> {
  const answer = once(crowd, 'message');
  crowd.send('count');
  return (await answer)[0] as CrowdCount;
}

function medianLoad(loads: readonly CrowdLoad[]): CrowdLoad {
  const of = (key: keyof CrowdLoad): number => median(loads.map((load) => load[key]));
  return {
    fps: of('fps'),
    viewerFps: of('viewerFps'),
    fewestFps: of('fewestFps'),
    megabytes: of('megabytes'),
    eventLoopP99Ms: of('eventLoopP99Ms'),
    cores: of('cores'),
    cpuMsPerFrame: of('cpuMsPerFrame'),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(0.5 * sorted.length) - 1)] ?? 0;
}
