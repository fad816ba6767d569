/** A scalar of ROS 2's message language. */
type CdrScalar = 'int8' | 'uint8' | 'bool' | 'int32' | 'uint32' | 'float64' | 'string';

/** One field: `[name, type]`, a list of any length, or one of a fixed length. */
export type CdrField = readonly [name: string, type: CdrScalar | CdrMessage, list?: 'list' | number];

/** A message of ROS 2: the same table writes its bytes and its schema text, so the two cannot differ. */
export interface CdrMessage {
  /** `package/msg/Name`. */
  readonly name: string;
  readonly fields: readonly CdrField[];
}

const SIZES = { int8: 1, uint8: 1, bool: 1, int32: 4, uint32: 4, float64: 8 } as const;

const utf8 = new TextEncoder();

/**
 * Bytes of a message in CDR, little-endian, as ROS 2 writes it (OMG DDS-XTypes, plain CDR version 1): four bytes of
 * header, then each value aligned to its own size counted from behind the header. A `uint8` list is given as Uint8Array.
 */
export function encodeCdr(message: CdrMessage, values: Readonly<Record<string, unknown>>): Uint8Array {
  const writer = new CdrWriter();
  writer.message(message, values);
  return writer.bytes();
}

/** The text that describes a message and all it is made of, as MCAP's `ros2msg` wants it. */
export function ros2Text(message: CdrMessage): string {
  const found = new Set<CdrMessage>();
  const gather = (each: CdrMessage): void => {
    for (const [, type] of each.fields) {
      if (typeof type === 'string' || found.has(type)) continue;
      found.add(type);
      gather(type);
    }
  };
  gather(message);
  const parts = [...found].map((each) => `${'='.repeat(80)}\nMSG: ${shortName(each)}\n${fieldsText(each)}`);
  return [fieldsText(message), ...parts].join('\n');
}

function fieldsText({ fields }: CdrMessage): string {
  return fields
    .map(([name, type, list]) => {
      const count = list === undefined ? '' : list === 'list' ? '[]' : `[${list}]`;
      return `${typeof type === 'string' ? type : shortName(type)}${count} ${name}`;
    })
    .join('\n');
}

/** `package/Name`, the form that message texts use. */
function shortName({ name }: CdrMessage): string {
  return name.replace('/msg/', '/');
}

class CdrWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 4;

  constructor() {
    // Representation: plain CDR, little-endian; no options.
    this.#bytes[1] = 1;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  message(message: CdrMessage, values: Readonly<Record<string, unknown>>): void {
    for (const [name, type, list] of message.fields) {
      const value = values[name];
      if (list === undefined) {
        this.#value(type, value);
        continue;
      }
      const entries = value as readonly unknown[] | Uint8Array;
      if (list === 'list') this.#scalar('uint32', entries.length);
      if (entries instanceof Uint8Array) this.#raw(entries);
      else for (const entry of entries) this.#value(type, entry);
    }
  }

  #value(type: CdrScalar | CdrMessage, value: unknown): void {
    if (typeof type !== 'string') this.message(type, value as Readonly<Record<string, unknown>>);
    else if (type === 'string') {
      const text = utf8.encode(value as string);
      this.#scalar('uint32', text.length + 1);
      this.#raw(text);
      this.#scalar('uint8', 0);
    } else this.#scalar(type, Number(value));
  }

  #scalar(type: Exclude<CdrScalar, 'string'>, value: number): void {
    const size = SIZES[type];
    this.#at += (size - ((this.#at - 4) % size)) % size;
    this.#reserve(size);
    if (type === 'float64') this.#view.setFloat64(this.#at, value, true);
    else if (type === 'uint32') this.#view.setUint32(this.#at, value, true);
    else if (type === 'int32') this.#view.setInt32(this.#at, value, true);
    else this.#view.setUint8(this.#at, value);
    this.#at += size;
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at + count + 1024));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
