import { defer, type MonoTypeOperatorFunction, map } from 'rxjs';
import type { Consistency, DepthFrame, Size } from '../frames/index.ts';
import { cameraOrAssumed } from './metrics/assumed-camera.ts';
import { BrightnessPyramid } from './metrics/brightness-pyramid.ts';
import { EgoMotionEstimator } from './metrics/ego-motion.ts';
import { horizonOf, InverseDepth } from './metrics/inverse-depth.ts';
import { LiveAgreement } from './metrics/live-agreement.ts';

/**
 * Scores each depth frame against the answer before it and fills `consistency`; needs no pose and no ground truth.
 *
 * The camera's motion comes from the two pictures and the present depth (`EgoMotionEstimator`); with it out of the way
 * the two maps are compared (`LiveAgreement`: what score and flicker are, and what they cannot see). Inverse maps are
 * read with their far end at 20 times the middle distance, the same shift for both (`InverseDepth`). A camera that is
 * not known is taken as one of 0.58 widths of focal length.
 *
 * Absent on the first frame of a stretch, where kinds or sizes differ, where the motion cannot be told (black, blank or
 * unrelated pictures) and where too little could be compared. The answer depends on the two frames alone. Holds the one
 * answer before and about 1 MB, taken once. Synchronous: it answers before the next frame is looked at.
 */
export function measureConsistency(): MonoTypeOperatorFunction<DepthFrame> {
  return (source) =>
    defer(() => {
      let meter: ConsistencyMeter | undefined;
      return source.pipe(
        map((answer) => {
          if (!meter?.fits(answer.frame)) meter = new ConsistencyMeter(answer.frame);
          const consistency = meter.measure(answer);
          return consistency ? { ...answer, consistency } : answer;
        }),
      );
    });
}

/** What is remembered from frame to frame, for one size of pictures. */
class ConsistencyMeter {
  readonly #size: Size;
  readonly #motion = new EgoMotionEstimator();
  readonly #agreement: LiveAgreement | undefined;
  readonly #depths = [new InverseDepth(), new InverseDepth()] as const;
  #present: BrightnessPyramid;
  #previous: BrightnessPyramid;
  #before: DepthFrame | undefined;

  constructor({ width, height }: Size) {
    this.#size = { width, height };
    this.#present = new BrightnessPyramid(this.#size);
    this.#previous = new BrightnessPyramid(this.#size);
    const grid = this.#present.grids[0];
    this.#agreement = grid && new LiveAgreement(grid, this.#present.cells[0]!);
  }

  fits({ width, height }: Size): boolean {
    return width === this.#size.width && height === this.#size.height;
  }

  measure(answer: DepthFrame): Consistency | undefined {
    const before = this.#before;
    this.#before = answer;
    [this.#present, this.#previous] = [this.#previous, this.#present];
    this.#present.take(answer.frame.pixels, this.#size.width);
    if (!before || !this.#agreement || answer.frame.segmentStart) return undefined;
    if (answer.depth.kind !== before.depth.kind || !this.fits(answer.depth) || !this.fits(before.depth))
      return undefined;

    const [depth, previousDepth] = this.#depths;
    const horizon = horizonOf(before.depth);
    depth.read(answer.depth, horizon);
    previousDepth.read(before.depth, horizon);
    const camera = cameraOrAssumed(answer.frame);
    const ego = this.#motion.estimate(this.#present, depth, camera, this.#previous);
    if (!ego) return undefined;
    const present = { depth, picture: this.#present };
    return this.#agreement.measure(present, { depth: previousDepth, picture: this.#previous }, camera, ego);
  }
}
