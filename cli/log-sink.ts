import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';

/** Characters of lines that may wait for a reader who has stopped reading. */
const MOST_WAITING = 1_000_000;
/** Milliseconds between two tries to write while nobody reads. */
const AGAIN_MS = 50;

/**
 * Lines to stderr that can neither stop nor end the service: a reader who stops reading costs lines, counted, and never
 * a frame; one who is gone (EPIPE) and a full disk (ENOSPC) cost the lines alone.
 *
 * Node writes to a pipe synchronously, so a log shipper that hangs would hang everything; a pipe or terminal is therefore
 * opened a second time without blocking. A socket, as systemd gives, is left to Node's own stream, which does not block
 * there.
 */
export class LogSink {
  readonly #fd: number | undefined;
  readonly #isOwn: boolean;
  #waiting: string[] = [];
  #length = 0;
  #again: NodeJS.Timeout | undefined;
  #dropped = 0;
  #untold = 0;
  #footer = '';
  /** Lines on the terminal that the footer takes now. */
  #drawn = 0;

  /** `fd`: where to write; default stderr. */
  constructor(fd = 2) {
    this.#fd = opened(fd);
    this.#isOwn = this.#fd !== fd;
  }

  /** Lines that nobody has seen. */
  get dropped(): number {
    return this.#dropped;
  }

  /** One line, with its line end. Never throws and never waits. */
  write(line: string): void {
    this.#push(this.#footer === '' ? line : `${this.#erase()}${line}${this.#draw()}`);
  }

  /** Text that stays below all lines on a terminal; empty for none. */
  footer(text: string): void {
    const erase = this.#erase();
    this.#footer = text;
    this.#push(erase + this.#draw());
  }

  /** Writes what can be written now and closes. */
  close(): void {
    this.#flush();
    clearTimeout(this.#again);
    if (this.#fd !== undefined && this.#isOwn) closeSync(this.#fd);
  }

  #push(text: string): void {
    if (text === '') return;
    if (this.#length + text.length > MOST_WAITING) {
      this.#dropped++;
      this.#untold++;
      return;
    }
    this.#waiting.push(text);
    this.#length += text.length;
    this.#flush();
  }

  #flush(): void {
    if (this.#fd === undefined) {
      this.#flushByStream();
      return;
    }
    while (this.#waiting.length > 0) {
      const text = this.#waiting[0]!;
      try {
        const bytes = Buffer.from(text);
        const written = writeSync(this.#fd, bytes);
        this.#take();
        if (written < bytes.length) this.#waitWith(bytes.subarray(written).toString());
        else if (this.#waiting.length === 0 && this.#untold > 0) this.#tellLost();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          this.#wait();
          return;
        }
        // Nobody will ever read it, or there is no room: the line is lost, the service is not.
        this.#take();
        this.#dropped++;
      }
    }
  }

  #flushByStream(): void {
    for (const text of this.#waiting) {
      if (process.stderr.writableLength > MOST_WAITING) this.#dropped++;
      else process.stderr.write(text);
    }
    this.#waiting = [];
    this.#length = 0;
  }

  #tellLost(): void {
    const lines = this.#untold;
    this.#untold = 0;
    this.#waiting.push(`${lines} lines of the log were dropped: nobody read them\n`);
  }

  #take(): void {
    this.#length -= this.#waiting.shift()!.length;
  }

  #waitWith(rest: string): void {
    this.#waiting.unshift(rest);
    this.#length += rest.length;
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#flush(), AGAIN_MS).unref();
  }

  #erase(): string {
    const up = this.#drawn;
    this.#drawn = 0;
    return up === 0 ? '' : `\x1b[${up}A\x1b[J`;
  }

  #draw(): string {
    this.#drawn = this.#footer.split('\n').length - 1;
    return this.#footer;
  }
}

/** What to write to synchronously so that it never blocks; `undefined` where there is nothing of the kind. */
function opened(fd: number): number | undefined {
  try {
    const kind = fstatSync(fd);
    // A file opened twice would have two positions, and the one would write over the other.
    if (kind.isFile()) return fd;
    if (kind.isSocket()) return undefined;
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
