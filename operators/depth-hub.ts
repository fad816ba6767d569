import type { DepthFrame } from '../frames/index.ts';

/** Whoever hands depth frames to viewers: it must return at once and keep its own queue for each of them. */
export interface DepthHub {
  publish(frame: DepthFrame): void;
}
