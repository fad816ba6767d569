/** A line y = scale · x + shift. */
export interface ScaleShift {
  readonly scale: number;
  readonly shift: number;
}

/** All that a {@link ScaleShiftFit} remembers, as plain numbers: it can be put down and taken up again. */
export type ScaleShiftState = readonly [count: number, x: number, y: number, xx: number, xy: number];

/**
 * Least-squares scale and shift that bring x to y over any number of pairs, a few numbers of memory.
 *
 * Used in inverse depth: over one image as in MiDaS (Ranftl et al., PAMI 2020), over a whole clip as in Video Depth
 * Anything (Chen et al., CVPR 2025). It is ruled by near pixels, where inverse depth is large, and by outliers.
 */
export class ScaleShiftFit {
  #count = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;

  /** Goes on where `state` stopped; afresh without it. */
  constructor(state?: ScaleShiftState) {
    if (state) [this.#count, this.#x, this.#y, this.#xx, this.#xy] = state;
  }

  get state(): ScaleShiftState {
    return [this.#count, this.#x, this.#y, this.#xx, this.#xy];
  }

  /** Takes a pair in. Keeps running means, so that sums of squares of large clips lose no digits. */
  add(x: number, y: number): void {
    this.#count++;
    const dx = x - this.#x;
    this.#x += dx / this.#count;
    this.#y += (y - this.#y) / this.#count;
    this.#xx += dx * (x - this.#x);
    this.#xy += dx * (y - this.#y);
  }

  get count(): number {
    return this.#count;
  }

  /** The fit; `undefined` with fewer than two pairs, or where all x are the same. */
  solve(): ScaleShift | undefined {
    if (this.#count < 2 || !(this.#xx > 0)) return undefined;
    const scale = this.#xy / this.#xx;
    return { scale, shift: this.#y - scale * this.#x };
  }
}
