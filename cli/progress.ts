/** Where people look: a terminal, or a file that somebody reads later. */
export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What {@link Progress} is told. */
export interface ProgressOptions {
  readonly output: ProgressOutput;
  /** Frames there will be, where that is known. */
  readonly total?: number | undefined;
  /** Frames that an earlier run did. */
  readonly done?: number | undefined;
  /** Milliseconds of a steady clock. Default `performance.now()`. */
  readonly now?: (() => number) | undefined;
}

const BAR_WIDTH = 28;
/** Milliseconds between two pictures of the bar, and between two plain lines. */
const BAR_EVERY = 100;
const LINE_EVERY = 5000;
/** Share of the newest stretch in the rate shown: the time left should not jump about. */
const FRESH = 0.3;

/**
 * Progress of a run: a bar with frames, rate and time left on a terminal; elsewhere a plain line every five seconds.
 *
 * It owns no timer: it draws when it is told of a frame, so that it can keep nothing alive.
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  #frames: number;
  #drawnAt: number;
  #drawnFrames: number;
  #rate = 0;
  #onLine = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#frames = options.done ?? 0;
    this.#drawnFrames = this.#frames;
    this.#drawnAt = this.#now();
  }

  /** One more frame is done. */
  step(): void {
    this.#frames++;
    const elapsed = this.#now() - this.#drawnAt;
    if (elapsed < (this.#options.output.isTTY ? BAR_EVERY : LINE_EVERY)) return;
    this.#draw(elapsed);
  }

  /** Ends the bar, so that other text may follow. */
  end(): void {
    if (!this.#options.output.isTTY) return;
    this.#draw(this.#now() - this.#drawnAt);
    if (this.#onLine) this.#options.output.write('\n');
    this.#onLine = false;
  }

  #draw(elapsed: number): void {
    const { output, total } = this.#options;
    const frames = this.#frames;
    if (elapsed > 0 && frames > this.#drawnFrames) {
      const fresh = ((frames - this.#drawnFrames) / elapsed) * 1000;
      this.#rate = this.#rate === 0 ? fresh : this.#rate + (fresh - this.#rate) * FRESH;
    }
    this.#drawnAt = this.#now();
    this.#drawnFrames = frames;
    const counted = total === undefined ? `${frames} frames` : `${frames}/${total} frames`;
    const rate = `${this.#rate.toFixed(1)} a second`;
    const left =
      total !== undefined && this.#rate > 0 && frames < total ? `, ${clock((total - frames) / this.#rate)} left` : '';
    if (!output.isTTY) {
      output.write(`${counted}, ${rate}${left}\n`);
      return;
    }
    let bar = '';
    if (total !== undefined && total > 0) {
      const full = Math.min(BAR_WIDTH, Math.round((frames / total) * BAR_WIDTH));
      bar = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} `;
    }
    // A line that wraps would be drawn below itself again and again.
    output.write(`\r\x1b[2K${`${bar}${counted}, ${rate}${left}`.slice(0, (output.columns ?? 80) - 1)}`);
    this.#onLine = true;
  }
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}
