import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DepthcastError, Flow, type Frame, type Size } from '../../../frames/index.ts';
import type { FfmpegCapabilities } from '../../ffmpeg/capabilities.ts';
import type { FfmpegBinary } from '../../ffmpeg/locate.ts';
import { liveOutput } from '../../ffmpeg/recipe.ts';
import type { Camera, CameraInfo, CameraReadOptions, CameraStatus } from '../frame-source.ts';
import { checkedSize, checkRead } from '../reading/check-read.ts';
import { Backoff } from './backoff.ts';
import { CameraCounts } from './camera-counts.ts';
import type { CameraSettings } from './camera-options.ts';
import { CameraRun } from './camera-run.ts';
import { Epoch, type Reading } from './epoch.ts';
import { behind, decoderEnd, faultOf, meaningOf, stalled, startTimeout } from './faults.ts';
import { FrameQueue } from './frame-queue.ts';
import { MediaClock } from './media-clock.ts';
import { scaleFilter } from './scale-to.ts';

/** One connection to a camera, made and ready to be decoded. */
export interface CameraConnection {
  /** Options before ffmpeg's `-i`, and what stands behind it. */
  readonly inputOptions: readonly string[];
  readonly input: string | Readable;
  /** Told of each picture that the decoder gave, by its time in microseconds. */
  decoded?(microseconds: number): void;
  /** What the camera answered instead of playing, where it did. */
  refusal?(): DepthcastError | undefined;
  close(): void;
}

/** What tells one kind of camera from another: how a connection is made. */
export interface CameraKind {
  /** Without user, password and query. */
  readonly address: string;
  /** Begins the sentence of an error: `The camera rtsp://…`. */
  readonly subject: string;
  readonly secrets: readonly string[];
  /**
   * Makes one connection. Throws a DepthcastError; rejects soon after `signal` aborts.
   *
   * @param letGo to be told of each picture that is let go before it is decoded
   */
  connect(signal: AbortSignal, letGo: (reason: string) => void): Promise<CameraConnection>;
}

/** Milliseconds between two looks at whether pictures come. */
const LOOK = 100;

/** Milliseconds by which a look must come late to show that this process stood still; less is a busy machine. */
const STOOD_STILL = 400;

/** Milliseconds that one connection may take to be made, by turns: a packet that was lost is not waited for. */
const CONNECT = [1500, 1500, 5000];

/** How a connection came to its end. */
type Ending = { readonly fault: DepthcastError; readonly playedMs: number } | 'closed' | 'size';

/** A camera that is connected to for ever, whatever it does. See {@link Camera}. */
export function liveCamera(
  kind: CameraKind,
  decoder: { readonly binary: FfmpegBinary; readonly capabilities: FfmpegCapabilities },
  settings: CameraSettings,
): Camera {
  return new LiveCamera(kind, decoder, settings);
}

class LiveCamera implements Camera {
  readonly #kind: CameraKind;
  readonly #decoder: { readonly binary: FfmpegBinary; readonly capabilities: FfmpegCapabilities };
  readonly #settings: CameraSettings;
  readonly #counts = new CameraCounts();
  readonly #backoff: Backoff;
  #size: Size | undefined;
  #codec: string | undefined;
  #read = false;
  #tries = 0;

  constructor(
    kind: CameraKind,
    decoder: { readonly binary: FfmpegBinary; readonly capabilities: FfmpegCapabilities },
    settings: CameraSettings,
  ) {
    this.#kind = kind;
    this.#decoder = decoder;
    this.#settings = settings;
    this.#backoff = new Backoff(settings);
  }

  get info(): CameraInfo {
    return { live: true, address: this.#kind.address, size: this.#size, codec: this.#codec, hasPoses: false };
  }

  status(): CameraStatus {
    return this.#counts.status();
  }

  onChange(listener: (status: CameraStatus) => void): () => void {
    return this.#counts.listen(listener);
  }

  frames(options: CameraReadOptions): AsyncIterable<Frame> {
    const { size, maxFrames } = options;
    checkRead({ size: typeof size === 'function' ? undefined : size, maxFrames });
    if (this.#read) throw new Error('An opened source may be read once; open it again.');
    this.#read = true;
    return { [Symbol.asyncIterator]: () => this.#iterate(options) };
  }

  #iterate(options: CameraReadOptions): AsyncIterator<Frame, undefined> {
    const counts = this.#counts;
    const { staleAfterMs } = this.#settings;
    const closed = new AbortController();
    const queue = new FrameQueue(
      options.maxFrames ?? Number.POSITIVE_INFINITY,
      (frame) => performance.now() - frame.arrivedAt > staleAfterMs,
      (reason) => counts.discard(reason),
      () => counts.emitted++,
    );
    const { size } = options;
    const reading: Reading = {
      options,
      rule: typeof size === 'function' ? (footage) => checkedSize(size(footage)) : () => size,
      counts,
      clock: new MediaClock(),
      flow: new Flow(),
      staleAfterMs,
      nextIndex: 0,
      begun: false,
      emit: (frame) => {
        if (counts.state === 'connecting') this.#goesLive();
        queue.push(frame);
        if (queue.over) closed.abort();
      },
    };
    let running: Promise<void> | undefined;
    const start = (): void => {
      running ??= this.#keepConnected(reading, closed.signal).then(
        () => queue.close(),
        (error: unknown) => queue.close({ error }),
      );
    };
    return {
      next: async () => {
        start();
        const result = await queue.next();
        if (queue.over) {
          closed.abort();
          if (result.done) await running;
        }
        return result;
      },
      return: async () => {
        closed.abort();
        queue.close();
        await running;
        this.#counts.enter('closed');
        return { done: true, value: undefined };
      },
    };
  }

  /** One connection after the other until `signal` aborts. Throws for what no camera can mend: a size rule that fails. */
  async #keepConnected(reading: Reading, signal: AbortSignal): Promise<void> {
    const counts = this.#counts;
    let sizedBefore = false;
    this.#backoff.begin(performance.now(), false);
    while (!signal.aborted) {
      counts.enter('connecting', counts.fault);
      const ending = await this.#connection(reading, signal);
      if (ending === 'closed') break;
      if (ending === 'size') {
        counts.reconnect('size');
        // Once is a rare size; a rule that answers otherwise each time must not keep the camera busy.
        if (sizedBefore) await sleep(this.#settings.retry.leastMs, undefined, { signal }).catch(() => {});
        sizedBefore = true;
        continue;
      }
      sizedBefore = false;
      const { reason, setback } = meaningOf(ending.fault);
      counts.reconnect(reason);
      const wait = this.#backoff.next(setback, performance.now(), ending.playedMs);
      counts.enter(setback === 'login' || setback === 'missing' ? 'refused' : 'waiting', ending.fault, wait);
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
    counts.enter('closed');
  }

  async #connection(reading: Reading, signal: AbortSignal): Promise<Ending> {
    const { startTimeoutMs } = this.#settings;
    const began = performance.now();
    const limit = Math.min(startTimeoutMs, CONNECT[this.#tries++ % CONNECT.length]!);
    let connection: CameraConnection;
    try {
      connection = await this.#kind.connect(AbortSignal.any([signal, AbortSignal.timeout(limit)]), (reason) => {
        this.#counts.decoded++;
        this.#counts.discard(reason);
      });
    } catch (error) {
      if (signal.aborted) return 'closed';
      return { fault: faultOf(error, this.#kind.subject), playedMs: 0 };
    }
    try {
      return signal.aborted ? 'closed' : await this.#decode(connection, reading, signal, began);
    } catch (error) {
      return { fault: faultOf(error, this.#kind.subject), playedMs: 0 };
    } finally {
      connection.close();
    }
  }

  async #decode(connection: CameraConnection, reading: Reading, signal: AbortSignal, began: number): Promise<Ending> {
    const { subject, secrets } = this.#kind;
    const { startTimeoutMs, stallTimeoutMs } = this.#settings;
    const counts = this.#counts;
    let verdict: 'size' | 'start' | DepthcastError | undefined;
    let broken: { readonly error: unknown } | undefined;
    const stop = (why: typeof verdict): void => {
      verdict ??= why;
      void run.kill();
    };
    const epoch = new Epoch(reading, reading.rule);
    const guarded = (step: () => void): void => {
      try {
        step();
      } catch (error) {
        broken ??= { error };
        stop(undefined);
      }
    };
    const run = new CameraRun(this.#decoder.binary, {
      inputOptions: connection.inputOptions,
      input: connection.input,
      outputOptions: liveOutput(
        this.#decoder.capabilities,
        scaleFilter(reading.rule, this.#size, reading.options.resize),
      ),
      secrets,
      onCodec: (codec) => {
        this.#codec = codec;
      },
      onSize: (footage, scaled) => {
        this.#size = footage;
        guarded(() => epoch.sized(footage, scaled));
        if (epoch.wrongSize) stop('size');
      },
      onPicture: (picture, arrivedAt) => {
        if (signal.aborted || broken) return;
        connection.decoded?.(picture.microseconds);
        guarded(() => epoch.take(picture, arrivedAt));
      },
      onDecodeError: () => counts.decodeErrors++,
    });
    const abort = (): void => stop(undefined);
    signal.addEventListener('abort', abort, { once: true });
    let looked = performance.now();
    // Time during which this process itself stood still is no time in which the camera was silent.
    let forgiven = 0;
    let lastAt: number | undefined;
    const watchdog = setInterval(() => {
      const now = performance.now();
      const late = now - looked - LOOK;
      looked = now;
      if (epoch.lastAt !== lastAt) forgiven = 0;
      lastAt = epoch.lastAt;
      if (late > STOOD_STILL) forgiven += late;
      const since = now - forgiven - (epoch.lastAt ?? began);
      if (epoch.lastAt === undefined) {
        if (since > startTimeoutMs) stop('start');
      } else if (since > stallTimeoutMs && verdict === undefined) {
        const silent = now - epoch.heardAt > stallTimeoutMs;
        if (!silent) reading.clock.late();
        const fault = (silent ? stalled : behind)(subject, stallTimeoutMs);
        counts.stalls++;
        counts.enter('stalled', fault);
        stop(fault);
      }
    }, LOOK);
    const exit = await run.ended;
    clearInterval(watchdog);
    signal.removeEventListener('abort', abort);
    epoch.end(!signal.aborted && !broken && verdict !== 'size');
    if (broken) throw broken.error;
    if (signal.aborted) return 'closed';
    counts.exit(verdict !== undefined ? 'watchdog' : exit.signal !== null ? exit.signal : `code ${exit.code}`);
    if (verdict === 'size') return 'size';
    const playedMs = epoch.lastAt === undefined ? 0 : epoch.lastAt - (epoch.firstAt ?? 0);
    if (verdict instanceof DepthcastError) return { fault: verdict, playedMs };
    const refused = connection.refusal?.();
    if (refused) return { fault: refused, playedMs };
    if (verdict === 'start') return { fault: startTimeout(subject, startTimeoutMs), playedMs };
    if (run.fault instanceof DepthcastError) return { fault: run.fault, playedMs };
    return { fault: decoderEnd(subject, exit, epoch.pictures), playedMs };
  }

  #goesLive(): void {
    this.#backoff.begin(performance.now(), true);
    this.#counts.enter('live');
  }
}
