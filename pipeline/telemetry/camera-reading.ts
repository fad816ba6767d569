/**
 * What is told of a camera at each scrape: the part of a source's `CameraStatus` that becomes metrics. Counters only
 * grow as long as the source lives.
 */
export interface CameraReading {
  /** `connecting`, `live`, `stalled`, `waiting` (between tries), `refused` or `closed`. */
  readonly state: string;
  /** Why it is not live; without passwords. */
  readonly fault?: { readonly code: string; readonly message: string } | undefined;
  readonly nextTryInMs?: number | undefined;
  /** Frames cut from the decoder, handed on, and let go by reason. */
  readonly decoded: number;
  readonly emitted: number;
  readonly discarded: Readonly<Record<string, number>>;
  readonly reconnects: Readonly<Record<string, number>>;
  readonly stalls: number;
  readonly decodeErrors: number;
  readonly timestampJumps: number;
  readonly sizeChanges: number;
  /** By ending: `code 0`, `SIGKILL`, … */
  readonly decoderExits: Readonly<Record<string, number>>;
  readonly lastFrameAgeMs: number | null;
}

/** Every state a camera can be in, for metrics that state each of them as 0 or 1. */
export const CAMERA_STATES = ['connecting', 'live', 'stalled', 'waiting', 'refused', 'closed'] as const;
