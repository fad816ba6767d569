import { filter, identity, Observable, pipe, Subject, takeUntil, tap } from 'rxjs';
import type { DepthFrame, Frame } from '../../frames/index.ts';
import { depthStream } from '../depth-stream.ts';
import { framesOf } from '../frames-of.ts';
import { type FrameSource, isCamera } from '../sources/frame-source.ts';
import type { FrameInterval } from './frame-interval.ts';
import type { FrameLedger } from './frame-ledger.ts';
import { ageOf, freshOnly } from './fresh-only.ts';
import type { Seat } from './model-turns.ts';
import { tapped } from './source-tap.ts';
import type { StreamPlan } from './stream-plan.ts';
import type { Thinning } from './thin-evenly.ts';

/** What a run works with. */
export interface RunParts {
  readonly plan: StreamPlan;
  readonly source: FrameSource;
  readonly model: Seat;
  readonly fallback: Seat | 'none';
  readonly ledger: FrameLedger;
  readonly interval: FrameInterval;
  readonly thinning: Thinning;
  /** Index and time at which its frames begin: where the run before it ended. */
  readonly from: { readonly index: number; readonly timestamp: number };
  readonly onFrame: (frame: Frame) => void;
  readonly onAnswer: (answer: DepthFrame) => void;
  /** An answer was scored in so many milliseconds. */
  readonly onScored: (ms: number) => void;
  /** An answer was too old to be shown. */
  readonly onTooLate: (ageMs: number) => void;
}

/** Milliseconds after which a picture of a camera is not live any more. */
const STALE_AFTER_MS = 1000;
/** An answer has yet to be packed and sent: it has this share of the age at which a viewer must not see it any more. */
const SHARE_OF_ANSWER = 0.95;

/** From so many milliseconds on, the wait for the neighbours of a picture is not taken out of what makes it stale. */
const LONG_WAIT_MS = 500;

/** One source of a stream from its first frame to its last, each of them booked in the ledger. */
export class StreamRun {
  /** Resolves once nothing of it is under way any more, with its failure if it had one. Never rejects. */
  readonly ended: Promise<{ readonly failure?: unknown }>;
  readonly #asked = new Subject<void>();
  readonly #giveUp = new Subject<void>();
  readonly #parts: RunParts;
  #stopped = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.ended = new Promise((resolve) => {
      this.#answers()
        .pipe(takeUntil(this.#giveUp))
        .subscribe({
          next: ({ frame }) => parts.thinning.answered(frame.index),
          error: (failure: unknown) => resolve({ failure }),
          complete: () => resolve({}),
        });
    });
    void this.ended.then(() => {
      this.#stopped = true;
      parts.model.leave();
      if (parts.fallback !== 'none') parts.fallback.leave();
      parts.ledger.dropAll('stopped');
    });
  }

  /** Takes no more frames, answers those inside within `drainMs` milliseconds, and lets the others go. */
  async stop(drainMs: number): Promise<void> {
    this.#stopped = true;
    this.#asked.next();
    const timer = setTimeout(() => this.#giveUp.next(), drainMs);
    await this.ended;
    clearTimeout(timer);
  }

  #answers(): Observable<DepthFrame> {
    const { plan, model, fallback, ledger, thinning, onAnswer, onScored } = this.#parts;
    // The world in front of a camera goes on; footage is as new as the moment in which it is played.
    const ages = isCamera(this.#parts.source);
    return depthStream(this.#frames().pipe(takeUntil(this.#asked)), {
      model,
      fallback,
      live: true,
      budgetMs: plan.budgetMs,
      cameraHeight: plan.cameraHeight,
      thin: pipe(
        ages
          ? freshOnly({
              maxAgeMs: () => this.#maxAgeMs,
              onDropped: ({ target }) => ledger.drop(target, 'window', 'stale'),
            })
          : identity,
        thinning.operator(),
        model.gate(),
      ),
      onDropped: (window) => {
        thinning.late(window);
        ledger.drop(window.target, 'window', 'late');
      },
      onMissed: ({ window, missed }) => {
        thinning.answered(window.target.index);
        ledger.drop(window.target, 'estimate', missed);
      },
      onScored,
    }).pipe(
      filter(({ frame }) => !ages || this.#isFresh(frame)),
      tap((answer) => {
        ledger.publish(answer.frame);
        onAnswer(answer);
      }),
    );
  }

  /** A slow camera's pictures are old by the time the frame after them comes: they get that time on top of a second. */
  get #maxAgeMs(): number {
    const { plan, model, interval } = this.#parts;
    const limit = plan.staleAfterMs ?? STALE_AFTER_MS;
    const wait = waitMs(plan.contextOffsets ?? model.contextOffsets, interval.ms);
    return wait < LONG_WAIT_MS ? limit : Math.max(limit, wait + STALE_AFTER_MS);
  }

  /** Whether an answer may be shown; one that took too long is let go, counted. */
  #isFresh(frame: Frame): boolean {
    const { ledger, thinning, onTooLate } = this.#parts;
    const ageMs = ageOf(frame, performance.now());
    if (ageMs <= this.#maxAgeMs * SHARE_OF_ANSWER) return true;
    thinning.answered(frame.index);
    ledger.drop(frame, 'estimate', 'stale');
    onTooLate(ageMs);
    return false;
  }

  #frames(): Observable<Frame> {
    const { plan, from, ledger, interval, onFrame } = this.#parts;
    const source = tapped(this.#parts.source, (frame) => {
      const placed = from.index === 0 ? frame : moved(frame, from, first);
      first = false;
      if (this.#stopped) {
        ledger.turnAway('stopped');
        return placed;
      }
      ledger.enter(placed);
      interval.add(placed);
      onFrame(placed);
      return placed;
    });
    let first = true;
    const { name: stream, maxFrames, intrinsics } = plan;
    try {
      if (isCamera(source))
        return framesOf(source, { stream, size: plan.size, resize: plan.resize, intrinsics, maxFrames });
      const { size } = source.info;
      const options = {
        stream,
        size: plan.size(size),
        resize: plan.resize,
        intrinsics: intrinsics?.(size),
        maxFrames,
        loop: plan.loop,
        realTime: true,
      };
      // Played by its own clock and thinned as a camera is: in a queue its pictures would grow old on a slow machine.
      return framesOf(source, options, { live: true });
    } catch (error) {
      return new Observable((subscriber) => subscriber.error(error));
    }
  }
}

/** Milliseconds that a picture waits for the frames after it that its window needs. */
export function waitMs(contextOffsets: readonly number[], intervalMs: number): number {
  return Math.max(0, ...contextOffsets) * intervalMs;
}

/** Index and time of a stream go on where the run before ended, so that neither ever goes back for a viewer. */
function moved(frame: Frame, from: RunParts['from'], first: boolean): Frame {
  const index = from.index + frame.index;
  return {
    ...frame,
    index,
    name: /^\d{6,}$/.test(frame.name) ? String(index).padStart(6, '0') : frame.name,
    timestamp: from.timestamp + frame.timestamp,
    segmentStart: first ? 'reconnect' : frame.segmentStart,
  };
}
