import type { ProgressOutput } from './progress.ts';

const BAR_WIDTH = 28;
/** Milliseconds between two pictures of the bar, and between two plain lines. */
const BAR_EVERY = 100;
const LINE_EVERY = 5000;

/**
 * Progress of a download: a bar with megabytes and rate on a terminal, elsewhere a plain line every five seconds.
 *
 * It owns no timer: it draws when it is told of bytes.
 */
export class PullProgress {
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  #file = '';
  #began = 0;
  #from: number | undefined;
  #drawnAt = 0;
  #onLine = false;

  constructor(output: ProgressOutput, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  /** The file that comes next. */
  file(name: string): void {
    this.end();
    this.#file = name;
    this.#from = undefined;
  }

  /** Bytes that are here, of `total` where that is known. */
  bytes(bytes: number, total: number | undefined): void {
    const now = this.#now();
    if (this.#from === undefined) {
      this.#from = bytes;
      this.#began = now;
      this.#drawnAt = now;
    }
    const whole = bytes === total;
    if (!whole && now - this.#drawnAt < (this.#output.isTTY ? BAR_EVERY : LINE_EVERY)) return;
    this.#drawnAt = now;
    const rate = now > this.#began ? (bytes - this.#from) / 1e3 / (now - this.#began) : 0;
    const counted = total === undefined ? megabytes(bytes) : `${megabytes(bytes)} of ${megabytes(total)}`;
    const line = `${this.#file}: ${counted}, ${rate.toFixed(1)} MB a second`;
    if (!this.#output.isTTY) {
      this.#output.write(`${line}\n`);
      return;
    }
    const full = total === undefined ? 0 : Math.min(BAR_WIDTH, Math.round((bytes / total) * BAR_WIDTH));
    const bar = total === undefined ? '' : `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} `;
    this.#output.write(`\r\x1b[2K${`${bar}${line}`.slice(0, (this.#output.columns ?? 80) - 1)}`);
    this.#onLine = true;
  }

  /** Ends the bar, so that other text may follow. */
  end(): void {
    if (this.#onLine) this.#output.write('\n');
    this.#onLine = false;
  }
}

/** Bytes as people read them. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
