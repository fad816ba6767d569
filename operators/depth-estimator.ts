import type { ObservableInput } from 'rxjs';
import type { DepthMap, FrameWindow } from '../frames/index.ts';

/** The part of a DepthModel that operators need; an observable answer makes them testable in virtual time. */
export interface DepthEstimator {
  readonly id: string;
  readonly inFlight: number;
  estimate(window: FrameWindow): ObservableInput<DepthMap>;
}
