/** One RTSP request or answer. */
export interface RtspMessage {
  /** First line. */
  readonly start: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Longest head and body of a message; a description of a stream is a few hundred bytes. */
const LONGEST_HEAD = 64 << 10;
const LONGEST_BODY = 1 << 20;

const DOLLAR = 0x24;

/**
 * Takes one direction of an RTSP connection apart (RFC 2326): messages, and between them the packets of interleaved
 * streams, which go through untouched and uncopied.
 */
export class RtspReader {
  readonly #onMessage: (message: RtspMessage) => void;
  readonly #onPackets: (bytes: Buffer) => void;
  #kept: Buffer = Buffer.alloc(0);
  /** Bytes of the packet under way that are still to come. */
  #passing = 0;

  constructor(onMessage: (message: RtspMessage) => void, onPackets: (bytes: Buffer) => void) {
    this.#onMessage = onMessage;
    this.#onPackets = onPackets;
  }

  /** Takes the next bytes. Throws where they are no RTSP. */
  push(chunk: Buffer): void {
    let bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    this.#kept = Buffer.alloc(0);
    let at = 0;
    let from = 0;
    const flush = (): void => {
      if (at > from) this.#onPackets(bytes.subarray(from, at));
      from = at;
    };
    for (;;) {
      const passed = Math.min(this.#passing, bytes.length - at);
      this.#passing -= passed;
      at += passed;
      if (at === bytes.length) {
        flush();
        return;
      }
      if (bytes[at] === DOLLAR) {
        if (bytes.length - at >= 4) {
          this.#passing = 4 + bytes.readUInt16BE(at + 2);
          continue;
        }
        flush();
        this.#kept = Buffer.from(bytes.subarray(at));
        return;
      }
      flush();
      const used = this.#message(bytes.subarray(at));
      if (used === 0) {
        this.#kept = Buffer.from(bytes.subarray(at));
        return;
      }
      bytes = bytes.subarray(at + used);
      at = 0;
      from = 0;
    }
  }

  /** Reads one message; returns its length, 0 where it is not whole yet. */
  #message(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) {
      if (bytes.length > LONGEST_HEAD) throw new Error('a message without an end');
      return 0;
    }
    if (end > LONGEST_HEAD) throw new Error('a message that is too long');
    const [start = '', ...lines] = bytes
      .toString('latin1', 0, end)
      .replace(/^(\r\n)+/, '')
      .split('\r\n');
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
    });
    const length = Number(headerOf({ headers }, 'content-length') ?? 0);
    if (!Number.isInteger(length) || length < 0 || length > LONGEST_BODY) throw new Error('a body that is too long');
    if (bytes.length < end + 4 + length) return 0;
    this.#onMessage({ start, headers, body: Buffer.from(bytes.subarray(end + 4, end + 4 + length)) });
    return end + 4 + length;
  }
}

/** Value of the first header of a name, whatever its case. */
export function headerOf({ headers }: Pick<RtspMessage, 'headers'>, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

/** The bytes of a message. `changes` replaces headers, or leaves them out where they are `undefined`. */
export function rtspBytes(message: RtspMessage, changes: Readonly<Record<string, string | undefined>> = {}): Buffer {
  const changed = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const headers = [
    ...message.headers.filter(([name]) => !changed.has(name.toLowerCase())),
    ...Object.entries(changes).filter((each): each is [string, string] => each[1] !== undefined),
  ];
  const head = [message.start, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), message.body]);
}
