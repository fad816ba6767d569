import type { CameraStatus } from '../sources/frame-source.ts';

/**
 * What is told of a camera at each scrape: the part of a source's `CameraStatus` that becomes metrics. Counters only
 * grow as long as the source lives.
 */
export interface CameraReading extends Omit<CameraStatus, 'state' | 'sinceMs' | 'fault'> {
  /** `connecting`, `live`, `stalled`, `waiting` (between tries), `refused` or `closed`. */
  readonly state: string;
  /** Why it is not live; without passwords. */
  readonly fault?: { readonly code: string; readonly message: string } | undefined;
}

/** Every state a camera can be in, for metrics that state each of them as 0 or 1. */
export const CAMERA_STATES = ['connecting', 'live', 'stalled', 'waiting', 'refused', 'closed'] as const;
