/** What a camera counts. Counters only grow as long as the source lives. */
export interface CameraCounters {
  /** Milliseconds until the next try. */
  readonly nextTryInMs?: number | undefined;
  /** Frames that the decoder gave, and those of `not-decoded`. */
  readonly decoded: number;
  /** Frames that were handed on. */
  readonly emitted: number;
  /**
   * Decoded frames that were let go, by reason: `stale`, `catching-up` (what a hub kept from before), `not-taken` (nobody took
   * them), `not-decoded` (the decoder is too slow), `wrong-size`, `unknown-size`, `closed`.
   */
  readonly discarded: Readonly<Record<string, number>>;
  /** Connections that were lost or could not be made, by reason. */
  readonly reconnects: Readonly<Record<string, number>>;
  readonly stalls: number;
  readonly decodeErrors: number;
  readonly timestampJumps: number;
  readonly sizeChanges: number;
  /** Ends of the decoder: `code 0`, `SIGKILL`, …, and `watchdog` where it was ended from here. */
  readonly decoderExits: Readonly<Record<string, number>>;
  readonly lastFrameAgeMs: number | null;
}

/** What is told of a camera at each scrape: its counters and how it is. */
export interface CameraReading extends CameraCounters {
  /** `connecting`, `live`, `stalled`, `waiting` (between tries), `refused` or `closed`. */
  readonly state: string;
  /** Why it is not live; without passwords. */
  readonly fault?: { readonly code: string; readonly message: string } | undefined;
}

/** Every state a camera can be in, for metrics that state each of them as 0 or 1. */
export const CAMERA_STATES = ['connecting', 'live', 'stalled', 'waiting', 'refused', 'closed'] as const;
