import type { CameraState } from '../sources/frame-source.ts';
import type { FrameAccount } from './frame-ledger.ts';
import type { SourceCounters } from './source-totals.ts';

/**
 * How a stream does. `thinned` = live, but the machine is too slow for all of it; `degraded` = live, but the model
 * failed three times or more within the last minute; `failed` and `ended` are for good.
 */
export type LiveState = Exclude<CameraState, 'closed'> | 'thinned' | 'degraded' | 'failed' | 'ended';

/** What is known of a live stream. */
export interface StreamReport extends FrameAccount {
  readonly name: string;
  readonly state: LiveState;
  /** Why it is not live; without passwords. */
  readonly fault?: { readonly code: string; readonly message: string } | undefined;
  /** Every so many-th window is kept; 1 = all. */
  readonly every: number;
  /** Failures of the models so far. */
  readonly modelFaults: number;
  /** What its cameras have counted before frames came in here; zeros for files. `source.emitted` = `in`. */
  readonly source: SourceCounters;
}
