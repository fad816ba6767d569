/** An enumeration of a schema; `within` names the message it is declared in. */
export interface ProtoEnum {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

/** What a field holds: a scalar of protobuf's, an enumeration, or a message. */
export type ProtoType = 'double' | 'fixed32' | 'int64' | 'int32' | 'string' | 'bytes' | ProtoEnum | ProtoMessage;

/** One field of a message: `[name, number, type]`, and `'repeated'` for a list. */
export type ProtoField = readonly [name: string, number: number, type: ProtoType, repeated?: 'repeated'];

/** A message of protobuf 3: the same table writes its bytes and its schema, so the two cannot differ. */
export interface ProtoMessage {
  /** Full name with its package, e.g. `foxglove.RawImage`. */
  readonly name: string;
  readonly fields: readonly ProtoField[];
  /** Enumerations declared inside the message. */
  readonly enums?: readonly ProtoEnum[] | undefined;
}

/** Values of a message by field name; what is absent is written as nothing, which reads as 0 or empty. */
export type ProtoValues = Readonly<Record<string, unknown>>;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const utf8 = new TextEncoder();

/**
 * Bytes of a message (protobuf encoding, https://protobuf.dev/programming-guides/encoding). Byte fields are copied once;
 * repeated numbers are packed. `int64` takes bigint or number, zero or positive.
 */
export function encodeProto(message: ProtoMessage, values: ProtoValues): Uint8Array {
  const parts: Uint8Array[] = [];
  const length = collect(message, values, parts);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Appends the parts of a message; answers their length. */
function collect(message: ProtoMessage, values: ProtoValues, parts: Uint8Array[]): number {
  let length = 0;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    length += part.length;
  };
  for (const [name, number, type, repeated] of message.fields) {
    const value = values[name];
    if (value === undefined) continue;
    if (repeated && type === 'double') {
      const list = value as readonly number[];
      if (list.length > 0) add(tagged(number, LENGTH, varint(list.length * 8), doubles(list)));
      continue;
    }
    for (const each of repeated ? (value as readonly unknown[]) : [value]) {
      if (typeof type === 'object' && 'fields' in type) {
        const inner: Uint8Array[] = [];
        const size = collect(type, each as ProtoValues, inner);
        add(tagged(number, LENGTH, varint(size)));
        for (const part of inner) add(part);
      } else if (type === 'bytes') {
        const bytes = each as Uint8Array;
        add(tagged(number, LENGTH, varint(bytes.length)));
        add(bytes);
      } else {
        add(scalar(number, type, each));
      }
    }
  }
  return length;
}

function scalar(number: number, type: Exclude<ProtoType, ProtoMessage | 'bytes'>, value: unknown): Uint8Array {
  switch (type) {
    case 'double':
      return tagged(number, FIXED64, doubles([value as number]));
    case 'fixed32': {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, value as number, true);
      return tagged(number, FIXED32, bytes);
    }
    case 'string': {
      const text = utf8.encode(value as string);
      return tagged(number, LENGTH, varint(text.length), text);
    }
    default:
      return tagged(number, VARINT, varint(value as number | bigint));
  }
}

function tagged(number: number, wireType: number, ...content: readonly Uint8Array[]): Uint8Array {
  const tag = varint(number * 8 + wireType);
  const bytes = new Uint8Array(content.reduce((sum, part) => sum + part.length, tag.length));
  bytes.set(tag);
  let at = tag.length;
  for (const part of content) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt(value);
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}

function doubles(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, i) => void view.setFloat64(i * 8, value, true));
  return new Uint8Array(view.buffer);
}
