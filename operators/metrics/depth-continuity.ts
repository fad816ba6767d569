import type { DepthMap } from '../../frames/index.ts';
import { type Alignment, aligned, alignmentOf } from './alignment.ts';

/** Two models' answers for the same picture. */
export interface SamePicture {
  readonly multi: DepthMap;
  readonly single: DepthMap;
}

/** A change of scale that nobody notices from one frame to the next: below the 3 % that are promised. */
const UNSEEN = 0.015;
/** What is left of a correction goes by this much a frame. */
const EASING = 0.01;
/** Models further apart than this are not bridged: metres that are wrong by more are worse than a jump. */
const BRIDGED = 0.1;

/**
 * One scale for a stream that two models answer in turn.
 *
 * The multi-frame model is the measure. Where both have answered for the same picture, the second one's alignment to it
 * is known (`alignmentOf`: the median over all pixels known to both, by scale, or by scale and shift where inverse depth
 * is about), with neither the camera's motion nor moving things in it; with it the single-frame answers go out. It is
 * always taken from the models' own answers, never from corrected ones, so nothing adds up over any number of
 * hand-overs.
 *
 * Where the multi-frame model takes over again and its scale differs from the one shown last by more than 1.5 %, and by
 * no more than 10 %, the difference beyond 1.5 % is kept as a correction that goes by 1 % a frame: at most 9 frames later
 * depth is the model's own again. It is bounded, and no correction outlives a cut. Inverse maps are not corrected.
 */
export class DepthContinuity {
  #alignment: Alignment | undefined;
  /** Logarithm of shown scale / own scale of the multi-frame model. */
  #correction = 0;

  /** At a cut there is nothing to be continued; what is known of the two models stays. */
  cut(): void {
    this.#correction = 0;
  }

  /** Depth to show for an answer of the multi-frame model, `pair` where the other one answered for this picture too. */
  multi(depth: DepthMap, pair?: SamePicture): DepthMap {
    this.#ease();
    if (pair) {
      const jump = this.#jump(pair);
      this.#learn(pair);
      const full = this.#correction + jump;
      const kept = Math.sign(full) * Math.max(0, Math.abs(full) - UNSEEN);
      if (Math.abs(jump) > UNSEEN) this.#correction = Math.abs(full) > BRIDGED ? 0 : kept;
    }
    return this.#corrected(depth);
  }

  /** Depth to show for an answer of the single-frame model; under its own kind while the two were never compared. */
  single(depth: DepthMap, pair?: SamePicture): DepthMap {
    this.#ease();
    if (pair) this.#learn(pair);
    if (this.#alignment?.from !== depth.kind) return depth;
    return this.#corrected(aligned(depth, this.#alignment));
  }

  #learn({ multi, single }: SamePicture): void {
    this.#alignment = alignmentOf(multi, single) ?? this.#alignment;
  }

  /** Logarithm of what the single-frame model would have shown for a picture over the multi-frame model's own answer. */
  #jump({ multi, single }: SamePicture): number {
    const shown = this.#alignment?.from === single.kind ? aligned(single, this.#alignment) : single;
    if (multi.kind === 'inverse' || shown.kind !== multi.kind) return 0;
    const back = alignmentOf(shown, multi);
    return back && back.scale > 0 ? Math.log(back.scale) : 0;
  }

  #ease(): void {
    this.#correction -= Math.sign(this.#correction) * Math.min(EASING, Math.abs(this.#correction));
  }

  #corrected(depth: DepthMap): DepthMap {
    if (this.#correction === 0 || depth.kind === 'inverse') return depth;
    const factor = Math.exp(this.#correction);
    return { ...depth, data: depth.data.map((value) => factor * value) };
  }
}
