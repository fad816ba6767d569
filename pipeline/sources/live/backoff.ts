import type { CameraSettings } from './camera-options.ts';

/** What a failed try says about the next. */
export type Setback =
  /** Nobody is there: to ask costs one packet. */
  | 'unreachable'
  /** Somebody is there, and no pictures came, or they ended: to ask costs a decoder. */
  | 'broken'
  /** There is no such stream (now). */
  | 'missing'
  /** The login was refused; cameras lock accounts after a few of those. */
  | 'login';

/** Milliseconds of playing after which the past is forgotten. */
const HEALTHY = 60_000;

/** How much time away a time of playing makes up for: a camera that plays most of the time is come back to at once. */
const FORGIVES = 10;

/** Milliseconds of playing after which the end of it may be an accident, and the next try comes sooner. */
const SETTLED = 2000;

/**
 * How long to wait before the next try. The wait grows with the time that the camera has been away, not with the number
 * of tries: a camera that was away for 10 s is asked every half second, so it is back within its outage and a moment,
 * and one that has been away for half an hour is asked twice a minute. A fifth either way is left to chance, so that
 * many cameras behind one switch do not all come at once.
 */
export class Backoff {
  readonly #retry: CameraSettings['retry'];
  readonly #loginRetryMs: number;
  readonly #random: () => number;
  /** Milliseconds without pictures since the last healthy minute, less what was made up for. */
  #awayMs = 0;
  #awaySince: number | undefined;
  #playedBefore = false;

  constructor({ retry, loginRetryMs }: CameraSettings, random: () => number = Math.random) {
    this.#retry = retry;
    this.#loginRetryMs = loginRetryMs;
    this.#random = random;
  }

  /** The first picture of a connection came; or, before any, the first try begins. */
  begin(now: number, playing: boolean): void {
    if (playing) {
      if (this.#awaySince !== undefined) this.#awayMs += now - this.#awaySince;
      this.#awaySince = undefined;
      this.#playedBefore = true;
    } else this.#awaySince ??= now;
  }

  /**
   * Milliseconds until the next try.
   *
   * @param playedMs how long the connection that just ended gave pictures, 0 where it gave none
   */
  next(setback: Setback, now: number, playedMs: number): number {
    const { leastMs, mostMs } = this.#retry;
    this.#awayMs = playedMs >= HEALTHY ? 0 : Math.max(0, this.#awayMs - FORGIVES * playedMs);
    this.#awaySince ??= now;
    const away = this.#awayMs + now - this.#awaySince;
    const chance = 0.8 + 0.4 * this.#random();
    const grown = (share: number, least: number): number => chance * Math.min(mostMs, Math.max(least, away / share));
    switch (setback) {
      // Never earlier: a lock-out is counted by the camera.
      case 'login':
        return this.#loginRetryMs * (1 + 0.2 * this.#random());
      // A hub says so while its camera is away, and then it is an outage like others.
      case 'missing':
        return this.#playedBefore ? grown(15, leastMs) : grown(4, Math.min(mostMs, 4 * leastMs));
      case 'broken':
        return grown(15, playedMs >= SETTLED ? leastMs / 2 : leastMs);
      default:
        return grown(60, leastMs);
    }
  }
}
