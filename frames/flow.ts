/**
 * Back-pressure for streams that have none: a shared brake between a source and whatever is slow behind it.
 *
 * RxJS pushes. An operator or sink whose queue is full calls {@link Flow.hold}; a source of finite footage waits on
 * {@link Flow.whenFree} before it emits the next frame (its decoder then stalls on its pipe), and `keepLatest` waits on
 * it before it lets the next window through. A camera never waits. Holding is counted, so several slow stages may hold
 * at once. An operator that knows nothing of it (a `filter`, a `map`) cannot break it: nothing is owed per frame.
 */
export class Flow {
  #holds = 0;
  #waiting: (() => void)[] = [];

  /** True while anybody holds. */
  get held(): boolean {
    return this.#holds > 0;
  }

  /** Asks for a pause; the returned function ends it (calling it twice does nothing). */
  hold(): () => void {
    this.#holds++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#holds--;
      if (this.#holds > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resume of waiting) resume();
    };
  }

  /**
   * Calls `resume` when nobody holds: at once if that is now, else on release. It is called once; the stage must look
   * at {@link Flow.held} again, since an earlier waiter may have filled the queue meanwhile. Returns a cancel function.
   */
  whenFree(resume: () => void): () => void {
    if (this.#holds === 0) {
      resume();
      return () => {};
    }
    this.#waiting.push(resume);
    return () => {
      this.#waiting = this.#waiting.filter((waiting) => waiting !== resume);
    };
  }
}
