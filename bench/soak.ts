import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeCamera } from './fake-camera/fake-camera.ts';
import { seeded } from './seeded.ts';
import { Audience } from './soak/audience.ts';
import { type CameraFault, cameraFaults, type Stage, serviceFaults } from './soak/faults.ts';
import { CAMERA_FPS, cameraFootage } from './soak/footage.ts';
import { Service, type StreamSummary } from './soak/service.ts';

/** What is played, and for how long. */
export interface SoakOptions {
  /** Default 10. */
  readonly minutes?: number | undefined;
  /** Default 3. */
  readonly cameras?: number | undefined;
  /** Default two a camera; each camera has at least one. */
  readonly viewers?: number | undefined;
  /** The same seed plays the same faults in the same order. Default 1. */
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
  /** Told of each fault when it is over. */
  readonly onFault?: ((name: string, recoveryMs: number | undefined) => void) | undefined;
}

/** Times in milliseconds; `null` where there was none. */
export interface Spread {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

/** What {@link soak} found. */
export interface SoakResult {
  readonly suite: 'soak';
  readonly minutes: number;
  readonly cameras: number;
  readonly viewers: number;
  readonly seed: number;
  /** Faults played, by name (the numbers are those of docs/reliability.md), with the time until pictures came again. */
  readonly faults: Readonly<Record<string, Spread & { readonly notRecovered: number }>>;
  /** From the end of a fault to the first picture taken after it, all faults together. */
  readonly recoveryMs: Spread & { readonly notRecovered: number };
  /** From the beginning of a stall until the service said so. */
  readonly noticedMs: Spread;
  readonly frames: {
    /** Decoded = published + dropped + the ones a camera discards; `balance` is what is left over: 0. */
    readonly decoded: number;
    readonly published: number;
    readonly dropped: Readonly<Record<string, number>>;
    readonly discarded: Readonly<Record<string, number>>;
    readonly inside: number;
    readonly balance: number;
    readonly delivered: number;
  };
  readonly reconnects: Readonly<Record<string, number>>;
  /** Age of the oldest picture that reached a viewer as live. */
  readonly oldestMs: number;
  /** Resident set of the service in MB: medians of the second half of the first minute and of the last half minute. */
  readonly memoryMb: { readonly start: number; readonly end: number; readonly most: number };
  readonly descriptors: { readonly start: number | null; readonly end: number | null };
  readonly end: { readonly exitCode: number | null; readonly ms: number; readonly decodersLeft: number };
  /** Mean number of processes of this machine that wanted a core: more than its cores, and all times grow. */
  readonly load: number;
  /** Whether the cameras' password stood anywhere in what the service printed. */
  readonly passwordSeen: boolean;
}

/** How long a stream may take to show something again before it counts as not recovered. */
const PATIENCE_MS = 40_000;
const PASSWORD = 'w@ter:l00/%9';

/**
 * Plays faults at random against `depthcast serve` with fake cameras and viewers, and watches what becomes of it. The
 * service is a process of its own, as a user runs it; cameras and viewers live here.
 */
export async function soak(options: SoakOptions = {}): Promise<SoakResult> {
  const { minutes = 10, cameras: count = 3, seed = 1, threads = 1, onFault = () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'depthcast-soak-'));
  const cameras: FakeCamera[] = [];
  let service: Service | undefined;
  let audience: Audience | undefined;
  try {
    const file = await cameraFootage(folder);
    for (let i = 0; i < count; i++) {
      cameras.push(
        await FakeCamera.start({ file, fps: CAMERA_FPS, login: { user: 'cam', password: PASSWORD }, auth: 'digest' }),
      );
    }
    const names = cameras.map((_, at) => `cam${at + 1}`);
    const streams = Object.fromEntries(names.map((name, at) => [name, cameras[at]!.url()]));
    const config = { path: join(folder, 'soak.json'), text: JSON.stringify({ streams, size: '320x96', threads }) };
    await writeFile(config.path, config.text);
    const started = await Service.start([
      ...['--config', config.path, '--port', '0'],
      ...['--json', '--log-format', 'json'],
    ]);
    service = started.service;
    audience = new Audience(started.url, names, options.viewers ?? 2 * count);
    const stage: Stage = { service, audience, config, random: seeded(seed) };
    for (const name of names) await audience.pictureAfter(name, 0, PATIENCE_MS);
    const descriptorsAtStart = await service.descriptors();

    const began = performance.now();
    const memory: { readonly ms: number; readonly megabytes: number }[] = [];
    const loads: number[] = [];
    const watch = setInterval(() => {
      loads.push(loadavg()[0]!);
      void stage.service.megabytes().then((megabytes) => {
        if (megabytes > 0) memory.push({ ms: performance.now() - began, megabytes });
      });
    }, 1000);
    const played: Played[] = [];
    while (performance.now() - began < minutes * 60_000) {
      const now = await playOne(stage, cameras, names);
      for (const each of now) onFault(each.name, each.recoveryMs);
      played.push(...now);
      await sleep(500 + 1500 * stage.random());
    }
    await sleep(3000);
    clearInterval(watch);
    const descriptorsAtEnd = await service.descriptors();
    const decoders = await service.decoders();
    const url = new URL(started.url);
    const pages = await Promise.all(
      ['/healthz', '/metrics'].map((path) => fetch(new URL(path, url)).then((page) => page.text())),
    );
    const ended = await service.end();
    const left = decoders.filter(isAlive).length;
    const whole = service.said + pages.join('\n');
    return {
      suite: 'soak',
      minutes: (performance.now() - began) / 60_000,
      cameras: count,
      viewers: audience.viewers,
      seed,
      faults: byName(played),
      recoveryMs: recoveries(played),
      noticedMs: spread(played.flatMap(({ noticedMs }) => noticedMs ?? [])),
      frames: { ...framesOf(ended.streams), delivered: audience.messages },
      reconnects: sums(ended.streams.map(({ source }) => source.reconnects)),
      oldestMs: audience.oldestMs,
      memoryMb: {
        start:
          quantile(
            memory.flatMap(({ ms, megabytes }) => (ms > 30_000 && ms <= 60_000 ? megabytes : [])),
            0.5,
          ) ?? Number.NaN,
        end:
          quantile(
            memory.slice(-30).map(({ megabytes }) => megabytes),
            0.5,
          ) ?? Number.NaN,
        most: Math.max(...memory.map(({ megabytes }) => megabytes)),
      },
      descriptors: { start: descriptorsAtStart, end: descriptorsAtEnd },
      end: { exitCode: ended.code, ms: ended.ms, decodersLeft: left },
      load: loads.reduce((sum, load) => sum + load, 0) / Math.max(1, loads.length),
      passwordSeen: [PASSWORD, encodeURIComponent(PASSWORD)].some((secret) => whole.includes(secret)),
    };
  } finally {
    audience?.close();
    service?.signal('SIGKILL');
    await Promise.all(cameras.map((camera) => camera.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** A fault that was played on one stream. */
interface Played {
  readonly name: string;
  /** `undefined`: no picture within the time. */
  readonly recoveryMs: number | undefined;
  readonly noticedMs?: number | undefined;
}

/** Either a fault for some of the cameras at once, or one for the service; waits until every stream is well again. */
async function playOne(stage: Stage, cameras: readonly FakeCamera[], names: readonly string[]): Promise<Played[]> {
  const { random, audience } = stage;
  if (random() < 0.35) {
    const fault = serviceFaults[Math.floor(random() * serviceFaults.length)]!;
    const after = Date.now();
    await fault.play(stage);
    const back = await Promise.all(names.map((name) => audience.pictureAfter(name, after, PATIENCE_MS)));
    const slowest = back.includes(undefined) ? undefined : Math.max(...back.map((at) => at! - after));
    return [{ name: fault.name, recoveryMs: slowest }];
  }
  const hit = names.map((_, at) => at).filter(() => random() < 0.6);
  return Promise.all(
    hit.map((at) => {
      const fault = cameraFaults[Math.floor(random() * cameraFaults.length)]!;
      return playOnCamera(stage, fault, cameras[at]!, names[at]!, 3000 + 3000 * random());
    }),
  );
}

async function playOnCamera(
  { service, audience }: Stage,
  { name, play, stalls }: CameraFault,
  camera: FakeCamera,
  stream: string,
  holdMs: number,
): Promise<Played> {
  const began = performance.now();
  const lines = service.log.length;
  await play(camera, holdMs);
  const after = Date.now();
  const back = await audience.pictureAfter(stream, after, PATIENCE_MS);
  const told = service.log.slice(lines).find((line) => line.stream === stream && line.state === 'stalled');
  return {
    name,
    recoveryMs: back === undefined ? undefined : back - after,
    noticedMs: stalls && told ? told.at - began : undefined,
  };
}

function framesOf(streams: readonly StreamSummary[]): Omit<SoakResult['frames'], 'delivered'> {
  const all = (count: (stream: StreamSummary) => number): number => streams.reduce((sum, each) => sum + count(each), 0);
  const dropped = sums(streams.map(({ account }) => account.dropped));
  const discarded = sums(streams.map(({ source }) => source.discarded));
  const decoded = all(({ source }) => source.decoded);
  const published = all(({ account }) => account.out);
  const inside = all(({ account }) => account.inside);
  return {
    decoded,
    published,
    dropped,
    discarded,
    inside,
    balance: decoded - published - total(dropped) - total(discarded),
  };
}

function byName(played: readonly Played[]): SoakResult['faults'] {
  const names = [...new Set(played.map(({ name }) => name))].sort(
    (one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10),
  );
  return Object.fromEntries(names.map((name) => [name, recoveries(played.filter((each) => each.name === name))]));
}

function recoveries(played: readonly Played[]): Spread & { readonly notRecovered: number } {
  const times = played.flatMap(({ recoveryMs }) => recoveryMs ?? []);
  return { ...spread(times), count: played.length, notRecovered: played.length - times.length };
}

function spread(times: readonly number[]): Spread {
  return { count: times.length, p50: quantile(times, 0.5), p95: quantile(times, 0.95), max: quantile(times, 1) };
}

/** The value below which `share` of the values lie; `null` of none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

function sums(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const each of counts) for (const [key, count] of Object.entries(each)) all[key] = (all[key] ?? 0) + count;
  return all;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
