/** Longest head of a part and longest picture. */
const LONGEST_HEAD = 16 << 10;
const LONGEST_PICTURE = 32 << 20;

/**
 * Takes a multipart stream of JPEG pictures apart (`multipart/x-mixed-replace`, as cameras send it): by the length that
 * a part states, else up to the next boundary. Throws where a part is no picture or too large.
 */
export class MultipartReader {
  readonly #boundary: Buffer;
  #kept: Buffer = Buffer.alloc(0);
  #length: number | undefined;
  #inPart = false;
  #searched = 0;

  /** @param contentType the header of the answer; cameras write its boundary with and without dashes and quotes */
  constructor(contentType: string) {
    const named = /boundary="?([^";]+)"?/i.exec(contentType)?.[1]?.trim() ?? '';
    this.#boundary = Buffer.from(`--${named.replace(/^--/, '')}`, 'latin1');
  }

  /** Takes the next bytes and hands over each picture that they complete. */
  push(chunk: Buffer, emit: (picture: Buffer) => void): void {
    this.#kept = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    while (this.#inPart ? this.#body(emit) : this.#head());
  }

  #head(): boolean {
    const begin = this.#kept.indexOf(this.#boundary);
    const end = begin < 0 ? -1 : this.#kept.indexOf('\r\n\r\n', begin);
    if (end < 0) {
      if (this.#kept.length > LONGEST_HEAD) throw new Error('no boundary');
      return false;
    }
    const head = this.#kept.toString('latin1', begin, end);
    const length = /^content-length:\s*(\d+)/im.exec(head)?.[1];
    this.#length = length === undefined ? undefined : Number(length);
    if ((this.#length ?? 0) > LONGEST_PICTURE) throw new Error('a picture that is too large');
    this.#kept = this.#kept.subarray(end + 4);
    this.#inPart = true;
    this.#searched = 0;
    return true;
  }

  #body(emit: (picture: Buffer) => void): boolean {
    let end = this.#length;
    if (end === undefined) {
      const found = this.#kept.indexOf(this.#boundary, this.#searched);
      if (found < 0) {
        if (this.#kept.length > LONGEST_PICTURE) throw new Error('a picture that is too large');
        this.#searched = Math.max(0, this.#kept.length - this.#boundary.length);
        return false;
      }
      end = found;
    }
    if (this.#kept.length < end) return false;
    const picture = this.#kept.subarray(0, end);
    // The mark that every JPEG begins with; anything else is an error page or sound.
    if (picture.length < 4 || picture[0] !== 0xff || picture[1] !== 0xd8) throw new Error('a part that is no JPEG');
    emit(Buffer.from(picture));
    this.#kept = this.#kept.subarray(end);
    this.#inPart = false;
    return true;
  }
}
