import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CameraPose,
  Flow,
  type Frame,
  type SegmentStart,
  type Size,
  scaleIntrinsics,
} from '../../../frames/index.ts';
import type { Footage, FootageInfo, ReadOptions } from '../frame-source.ts';
import { checkRead } from './check-read.ts';

/** One decoded picture of some footage, before it has a place in a stream. */
export interface Picture {
  /** Position in the footage, from 0; a hole where the source lost pictures. */
  readonly ordinal: number;
  /** Seconds. */
  readonly timestamp: number;
  /** RGB at the size that was asked for, in memory of its own. */
  readonly pixels: Uint8Array<SharedArrayBuffer>;
  /** When it left the decoder; for footage that waits to be taken, the moment it is taken counts instead. */
  readonly arrivedAt?: number | undefined;
  readonly name?: string | undefined;
  readonly pose?: CameraPose | undefined;
  readonly segmentStart?: SegmentStart | undefined;
}

/** What a source can do; everything else of the contract is the same for all of them. */
export interface Playable {
  readonly info: FootageInfo;
  /**
   * Decodes the footage once from its beginning, or from picture `from` where skipping is cheap (earlier pictures are
   * let go here anyway). Throws after the last good picture. When `signal` aborts it stops its decoder at once and ends.
   */
  play(request: PlayRequest): AsyncIterable<Picture>;
}

/** What one round through some footage is asked for. */
export interface PlayRequest {
  readonly size: Size;
  readonly from: number;
  readonly signal: AbortSignal;
}

/** Lateness in milliseconds after which real-time reading takes the present as its new beginning: no burst follows. */
const TOO_LATE = 500;

/** Turns footage into a source: numbers the frames, gives them names, cameras and a flow, skips, ends, loops, paces. */
export function sourceOf(footage: Playable): Footage {
  let read = false;
  return {
    info: footage.info,
    frames(options) {
      checkRead(options);
      if (read) throw new Error('An opened source may be read once; open it again.');
      read = true;
      return interruptible((signal) => stamp(footage, options, signal));
    },
  };
}

/**
 * A generator whose `return()` takes effect at once. A plain async generator would finish its pending `await` first,
 * which for a frozen camera is never.
 */
function interruptible<T>(start: (signal: AbortSignal) => AsyncGenerator<T, void, void>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const ended = new AbortController();
      const generator = start(ended.signal);
      return {
        next: () => generator.next(),
        return: async () => {
          ended.abort();
          await generator.return();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

async function* stamp(footage: Playable, options: ReadOptions, signal: AbortSignal): AsyncGenerator<Frame, void, void> {
  const { info } = footage;
  const { stream, size, maxFrames = Number.POSITIVE_INFINITY, loop = false } = options;
  const camera = options.intrinsics ?? info.intrinsics;
  const intrinsics = camera && scaleIntrinsics(camera, size);
  const flow = new Flow();
  const pace = options.realTime ? new Pace(signal) : undefined;
  let left = maxFrames;
  let base = 0;
  let shift = 0;
  for (let round = 0; left > 0; round++) {
    const from = round === 0 ? (options.from ?? 0) : 0;
    let last: Picture | undefined;
    let step = info.fps ? 1 / info.fps : 0.1;
    for await (const picture of footage.play({ size, from, signal })) {
      if (signal.aborted) return;
      if (last) step = picture.timestamp - last.timestamp;
      const first = last === undefined;
      last = picture;
      if (picture.ordinal < from) continue;
      const index = base + picture.ordinal;
      const timestamp = shift + picture.timestamp;
      await pace?.until(timestamp);
      if (signal.aborted) return;
      yield {
        stream,
        index,
        name: picture.name !== undefined && round === 0 ? picture.name : String(index).padStart(6, '0'),
        timestamp,
        arrivedAt: picture.arrivedAt ?? performance.now(),
        pixels: picture.pixels,
        width: size.width,
        height: size.height,
        sourceSize: info.size,
        intrinsics,
        pose: picture.pose,
        segmentStart: first && round > 0 ? 'scene-cut' : picture.segmentStart,
        flow,
      };
      if (--left <= 0) return;
    }
    // Footage without a single picture would loop for ever without a pause.
    if (!loop || last === undefined || signal.aborted) return;
    base += last.ordinal + 1;
    shift += last.timestamp + Math.max(step, 1e-6);
  }
}

/** Waits until a timestamp is due by a clock that no time setting can move. */
class Pace {
  readonly #signal: AbortSignal;
  #origin: number | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async until(timestamp: number): Promise<void> {
    const now = performance.now();
    this.#origin ??= now - timestamp * 1000;
    const wait = this.#origin + timestamp * 1000 - now;
    if (wait < -TOO_LATE) this.#origin = now - timestamp * 1000;
    if (wait > 1) await sleep(wait, undefined, { signal: this.#signal }).catch(() => {});
  }
}
