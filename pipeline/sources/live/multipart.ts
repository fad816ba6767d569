/** Longest head of a part and longest picture. */
const LONGEST_HEAD = 16 << 10;
const LONGEST_PICTURE = 8 << 20;

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Takes a multipart stream of JPEG pictures apart (`multipart/x-mixed-replace`, as cameras send it): by the length that
 * a part states, else up to the next boundary. Throws where a part is no picture or too large. Each byte is copied a few
 * times and looked at once or twice, however small the pieces are in which it comes.
 */
export class MultipartReader {
  readonly #boundary: Buffer;
  /** Bytes that were not used yet lie from `#from` to `#to`. */
  #kept: Buffer = Buffer.alloc(1 << 16);
  #from = 0;
  #to = 0;
  /** Where the next search goes on: what lies before was searched already. */
  #searched = 0;
  /** Where the head of the next part begins, once that is known. */
  #begin = -1;
  #length: number | undefined;
  #inPart = false;

  /** @param contentType the header of the answer; cameras write its boundary with and without dashes and quotes */
  constructor(contentType: string) {
    const named = /boundary="?([^";]+)"?/i.exec(contentType)?.[1]?.trim() ?? '';
    this.#boundary = Buffer.from(`--${named.replace(/^--/, '')}`, 'latin1');
  }

  /** Takes the next bytes and hands over each picture that they complete. */
  push(chunk: Buffer, emit: (picture: Buffer) => void): void {
    this.#append(chunk);
    while (this.#inPart ? this.#body(emit) : this.#head());
  }

  #append(chunk: Buffer): void {
    if (this.#to + chunk.length > this.#kept.length) {
      const used = this.#to - this.#from;
      // Twice what is needed, so that the next pieces fit in without another move.
      const roomy = Buffer.allocUnsafe(Math.max(1 << 16, 2 * (used + chunk.length)));
      this.#kept.copy(roomy, 0, this.#from, this.#to);
      this.#kept = roomy;
      this.#searched -= this.#from;
      if (this.#begin >= 0) this.#begin -= this.#from;
      this.#from = 0;
      this.#to = used;
    }
    chunk.copy(this.#kept, this.#to);
    this.#to += chunk.length;
  }

  /** Position of `mark` among the bytes that were not searched for it yet; -1 while it is not there. */
  #find(mark: Buffer): number {
    const found = this.#kept.subarray(this.#searched, this.#to).indexOf(mark);
    if (found >= 0) return this.#searched + found;
    // Its beginning may be there already.
    this.#searched = Math.max(this.#searched, this.#to - mark.length + 1);
    return -1;
  }

  #goTo(position: number): void {
    this.#from = position;
    this.#searched = position;
    this.#begin = -1;
  }

  #head(): boolean {
    if (this.#begin < 0) {
      this.#begin = this.#find(this.#boundary);
      if (this.#begin >= 0) this.#searched = this.#begin;
    }
    const end = this.#begin < 0 ? -1 : this.#find(HEAD_END);
    if (end < 0) {
      if (this.#to - this.#from > LONGEST_HEAD) throw new Error('no boundary');
      return false;
    }
    const head = this.#kept.toString('latin1', this.#begin, end);
    const length = /^content-length:\s*(\d+)/im.exec(head)?.[1];
    this.#length = length === undefined ? undefined : Number(length);
    if ((this.#length ?? 0) > LONGEST_PICTURE) throw new Error('a picture that is too large');
    this.#goTo(end + HEAD_END.length);
    this.#inPart = true;
    return true;
  }

  #body(emit: (picture: Buffer) => void): boolean {
    let end: number;
    if (this.#length === undefined) {
      end = this.#find(this.#boundary);
      if (end < 0) {
        if (this.#to - this.#from > LONGEST_PICTURE) throw new Error('a picture that is too large');
        return false;
      }
    } else {
      end = this.#from + this.#length;
      if (this.#to < end) return false;
    }
    const picture = Buffer.from(this.#kept.subarray(this.#from, end));
    // The mark that every JPEG begins with; anything else is an error page or sound.
    if (picture.length < 4 || picture[0] !== 0xff || picture[1] !== 0xd8) throw new Error('a part that is no JPEG');
    this.#goTo(end);
    this.#inPart = false;
    emit(picture);
    return true;
  }
}
