/** Reads values one after the other out of a CDR message (see `encodeCdr`), of either byte order. Throws where it is cut off. */
export class CdrReader {
  readonly #view: DataView;
  readonly #little: boolean;
  #at = 4;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = (this.#view.getUint8(1) & 1) === 1;
  }

  int32(): number {
    return this.#view.getInt32(this.#step(4), this.#little);
  }

  uint32(): number {
    return this.#view.getUint32(this.#step(4), this.#little);
  }

  uint8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  float64s(count: number): number[] {
    return Array.from({ length: count }, () => this.#view.getFloat64(this.#step(8), this.#little));
  }

  text(): string {
    const bytes = this.bytes();
    // A text ends with a zero that counts.
    return Buffer.from(bytes.subarray(0, Math.max(0, bytes.length - 1))).toString();
  }

  /** A list of bytes; a window onto the message. */
  bytes(): Uint8Array {
    const length = this.uint32();
    if (this.#at + length > this.#view.byteLength) throw new Error('A CDR message is cut off.');
    this.#at += length;
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at - length, length);
  }

  #step(size: number): number {
    this.#at += (size - ((this.#at - 4) % size)) % size;
    this.#at += size;
    return this.#at - size;
  }
}
