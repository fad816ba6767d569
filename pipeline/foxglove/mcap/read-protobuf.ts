/** A field's value as it lies there: numbers of 32 and 64 bits as bytes, varints as bigint, anything with a length as bytes. */
type ProtoValue = bigint | Uint8Array;

/** The fields of a message by number, those that occur more than once in order. Throws where the bytes make no sense. */
export function readProto(bytes: Uint8Array): Map<number, ProtoValue[]> {
  const fields = new Map<number, ProtoValue[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new Error('A protobuf number does not end.');
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error('A protobuf message is cut off.');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    const value =
      wireType === 0
        ? varint()
        : wireType === 1
          ? take(8)
          : wireType === 2
            ? take(Number(varint()))
            : wireType === 5
              ? take(4)
              : undefined;
    if (value === undefined) throw new Error('A protobuf field has an unknown type.');
    const number = tag >>> 3;
    const list = fields.get(number);
    if (list) list.push(value);
    else fields.set(number, [value]);
  }
  return fields;
}

/** Bytes of a field, empty where it is absent. */
export function bytesOf(fields: ReadonlyMap<number, readonly ProtoValue[]>, number: number): Uint8Array {
  const value = fields.get(number)?.at(-1);
  return value instanceof Uint8Array ? value : new Uint8Array();
}

/** Text of a field. */
export function textOf(fields: ReadonlyMap<number, readonly ProtoValue[]>, number: number): string {
  return Buffer.from(bytesOf(fields, number)).toString();
}

/** A whole number, be it a varint or of 32 bits; 0 where it is absent. */
export function wholeOf(fields: ReadonlyMap<number, readonly ProtoValue[]>, number: number): number {
  const value = fields.get(number)?.at(-1) ?? 0n;
  if (typeof value === 'bigint') return Number(BigInt.asIntN(64, value));
  return Buffer.from(value).readUInt32LE();
}

/** A list of doubles, packed or not. */
export function doublesOf(fields: ReadonlyMap<number, readonly ProtoValue[]>, number: number): number[] {
  const bytes = Buffer.concat((fields.get(number) ?? []).filter((value) => value instanceof Uint8Array));
  return Array.from({ length: bytes.length >> 3 }, (_, i) => bytes.readDoubleLE(i * 8));
}
