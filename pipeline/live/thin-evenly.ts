import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { FrameWindow } from '../../frames/index.ts';

/** How a live stream is thinned, shared by the operator in front and those behind that tell it how things go. */
export interface ThinningOptions {
  /** Called when another share of the windows is kept from now on: every `every`-th, 1 = all. */
  readonly onChange?: ((every: number) => void) | undefined;
  /** Called for each window let go here. */
  readonly onDropped?: ((window: FrameWindow) => void) | undefined;
  /** Milliseconds on the clock of `frame.arrivedAt`. Default `performance.now()`. */
  readonly now?: (() => number) | undefined;
}

/** A span is judged when it is this many milliseconds and this many windows long. */
const SPAN_MS = 1000;
const SPAN_WINDOWS = 20;
/**
 * Share of a span's windows that may be late, of what going one step further would cost: a slight excess is better
 * left to `keepLatest` than paid with half of all frames.
 */
const TOO_LATE = 0.4;
/** So few late windows are a hiccup, whatever their share. */
const HICCUP = 2;
/** Windows are never thinner than every so many-th: a stream of 60 frames a second then still has two. */
const MOST = 30;
/** Milliseconds without trouble before more is tried; each time that was wrong it is twice as long, up to the limit. */
const CALM_MS = 5000;
const CALM_LIMIT_MS = 60_000;
/** More is tried only where the mean answer takes less than this share of the time there would be for it. */
const SLACK = 0.85;

/**
 * Thins a live stream evenly when the machine is too slow: keeps every k-th window instead of whichever is the newest
 * when there is time, so that what a viewer sees moves at a steady pace. Whole windows go, never the frames inside one.
 *
 * k follows from what was answered of what came while windows were late; it falls by one after a calm time if answers
 * come fast enough. Put {@link Thinning.operator} in front of `keepLatest`; tell {@link Thinning.late} what that lets
 * go and {@link Thinning.answered} each answer.
 */
export class Thinning {
  readonly #options: ThinningOptions;
  readonly #now: () => number;
  #every = 1;
  #seen = 0;
  #calmMs = CALM_MS;
  #changedAt = Number.NEGATIVE_INFINITY;
  /** The last change was a try for more. */
  #tried = false;
  #span: Span = newSpan(0);
  readonly #begun = new Map<number, number>();

  constructor(options: ThinningOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Every so many-th window is kept; 1 = none is thinned out. */
  get every(): number {
    return this.#every;
  }

  /** The operator: passes every k-th window. */
  operator(): MonoTypeOperatorFunction<FrameWindow> {
    return (source) =>
      new Observable<FrameWindow>((subscriber) =>
        source.subscribe({
          next: (window) => {
            if (this.#keeps(window)) subscriber.next(window);
            else this.#options.onDropped?.(window);
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
  }

  /** A window that was passed has been let go behind, for lack of time. */
  late(window: FrameWindow): void {
    this.#begun.delete(window.target.index);
    this.#span.late++;
  }

  /** The window of this frame index was answered, by whichever model, or missed for good. */
  answered(index: number): void {
    const begun = this.#begun.get(index);
    if (begun === undefined) return;
    this.#begun.delete(index);
    this.#span.answered++;
    this.#span.busyMs += this.#now() - begun;
  }

  #keeps(window: FrameWindow): boolean {
    this.#judge();
    this.#span.came++;
    // The first window of a stretch carries its mark, which must not be lost.
    const keep = this.#seen++ % this.#every === 0 || window.target.segmentStart !== undefined;
    if (!keep) return false;
    this.#span.passed++;
    this.#begun.set(window.target.index, this.#now());
    return true;
  }

  #judge(): void {
    const { began, came, passed, late, answered, busyMs } = this.#span;
    const now = this.#now();
    if (came === 0) {
      this.#span.began = now;
      return;
    }
    const ms = now - began;
    if (ms < SPAN_MS || passed < SPAN_WINDOWS) return;
    this.#span = newSpan(now);
    if (late > Math.max(HICCUP, (TOO_LATE / (this.#every + 1)) * passed)) {
      // What was tried last was too much: the next try waits longer.
      this.#calmMs = this.#tried ? Math.min(CALM_LIMIT_MS, this.#calmMs * 2) : CALM_MS;
      this.#tried = false;
      const enough = Math.floor(came / Math.max(1, passed - late));
      this.#become(Math.min(MOST, Math.max(this.#every + 1, enough)), now);
      return;
    }
    if (this.#every === 1 || late > HICCUP || answered === 0 || now - this.#changedAt < this.#calmMs) return;
    const intervalMs = ms / came;
    const possible = Math.ceil(busyMs / answered / (SLACK * intervalMs));
    if (possible >= this.#every) return;
    this.#tried = true;
    this.#become(Math.max(1, possible, Math.floor(this.#every / 2)), now);
  }

  #become(every: number, now: number): void {
    this.#changedAt = now;
    if (every === this.#every) return;
    this.#every = every;
    this.#seen = 0;
    this.#options.onChange?.(every);
  }
}

/** Says of a stream with a frame each `intervalMs` milliseconds that every `every`-th window is kept from now on. */
export function thinningInWords(every: number, intervalMs: number): string {
  if (every === 1) return 'the machine keeps up again, every frame is answered';
  const rate = (1000 / intervalMs).toFixed(0);
  return `the machine is too slow for ${rate} frames a second, every ${ordinal(every)} is answered`;
}

function ordinal(n: number): string {
  const tail = n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${tail}`;
}

/** What happened since the last judgement. */
interface Span {
  began: number;
  came: number;
  passed: number;
  late: number;
  answered: number;
  /** Milliseconds from passing a window to its answer, all together. */
  busyMs: number;
}

function newSpan(began: number): Span {
  return { began, came: 0, passed: 0, late: 0, answered: 0, busyMs: 0 };
}
