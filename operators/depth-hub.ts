import type { DepthFrame } from '../frames/index.ts';

/** Whoever hands depth frames to viewers: it must return at once and keep its own queue for each of them. */
export interface DepthHub {
  /** Hands an answer on; never throws for a viewer. */
  publish(frame: DepthFrame): void;
}
