import type { ObservableInput } from 'rxjs';
import type { DepthMap, FrameWindow } from '../frames/index.ts';

/** The part of a DepthModel that operators need; an observable answer makes them testable in virtual time. */
export interface DepthEstimator {
  readonly id: string;
  /** Offsets of the context frames it needs, e.g. `[-1, 1]`; empty for a single-frame estimator, which takes any window. */
  readonly contextOffsets: readonly number[];
  /** How many estimates may be under way at once; answers may come in any order. */
  readonly inFlight: number;
  /** The first value is the answer; an error, or an end without a value, is a failure of this window alone. */
  estimate(window: FrameWindow): ObservableInput<DepthMap>;
}
