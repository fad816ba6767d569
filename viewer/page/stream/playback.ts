import type { StreamFeed } from './stream-feed.ts';

/** Pausing and stepping through what the feeds on the page have kept, all to the same moment. */
export class Playback {
  /** The moment on the screen, by `performance.now()`; `undefined` while live. */
  position: number | undefined;
  readonly #feeds: () => readonly StreamFeed[];
  readonly #onChange: () => void;

  constructor(feeds: () => readonly StreamFeed[], onChange: () => void) {
    this.#feeds = feeds;
    this.#onChange = onChange;
  }

  get isPaused(): boolean {
    return this.position !== undefined;
  }

  /** First and last moment that can be shown; `undefined` before the first frame. */
  get span(): { readonly from: number; readonly to: number } | undefined {
    const kept = this.#feeds().filter(({ history }) => history.length > 0);
    if (kept.length === 0) return undefined;
    return {
      from: Math.min(...kept.map(({ history }) => history.oldest!.arrivedAt)),
      to: Math.max(...kept.map(({ history }) => history.newest!.arrivedAt)),
    };
  }

  toggle(): void {
    if (this.isPaused) this.resume();
    else this.pause();
  }

  pause(): void {
    const first = this.#feeds().find(({ shown }) => shown !== undefined);
    if (this.isPaused || !first) return;
    for (const feed of this.#feeds()) feed.freeze(true);
    this.position = first.shown!.arrivedAt;
    this.#onChange();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.position = undefined;
    for (const feed of this.#feeds()) {
      feed.freeze(false);
      // Nothing of the pause was kept: what is older would lie ten seconds beside what is to come.
      const { newest } = feed.history;
      if (newest) feed.show(newest);
    }
    this.#onChange();
  }

  /** Goes so many frames on (or back), pausing first. */
  step(steps: number): void {
    this.pause();
    const feed = this.#feeds().find(({ history }) => history.length > 0);
    const kept = this.position === undefined ? undefined : feed?.history.step(this.position, steps);
    if (kept) this.seek(kept.arrivedAt);
  }

  /** Shows a moment, pausing first. */
  seek(time: number): void {
    this.pause();
    if (!this.isPaused) return;
    this.position = time;
    for (const feed of this.#feeds()) {
      const kept = feed.history.at(time);
      if (kept) feed.show(kept);
    }
    this.#onChange();
  }
}
