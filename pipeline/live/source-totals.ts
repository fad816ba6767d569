import type { CameraStatus } from '../sources/frame-source.ts';

type Counts = Readonly<Record<string, number>>;

/** What the cameras of a stream have counted, all of them that it has had. `decoded` = `emitted` + `discarded`. */
export type SourceCounters = Pick<
  CameraStatus,
  | 'decoded'
  | 'emitted'
  | 'discarded'
  | 'reconnects'
  | 'stalls'
  | 'decodeErrors'
  | 'timestampJumps'
  | 'sizeChanges'
  | 'decoderExits'
>;

const NONE: SourceCounters = {
  decoded: 0,
  emitted: 0,
  discarded: {},
  reconnects: {},
  stalls: 0,
  decodeErrors: 0,
  timestampJumps: 0,
  sizeChanges: 0,
  decoderExits: {},
};

/** Keeps the counters of a stream whole when its camera is exchanged for another, which begins at 0. */
export class SourceTotals {
  #past: SourceCounters = NONE;

  /** A camera is left for another. */
  add(status: CameraStatus): void {
    this.#past = this.with(status);
  }

  /** What all cameras before and the present one have counted. */
  with(present: SourceCounters = NONE): SourceCounters {
    const past = this.#past;
    return {
      decoded: past.decoded + present.decoded,
      emitted: past.emitted + present.emitted,
      discarded: sum(past.discarded, present.discarded),
      reconnects: sum(past.reconnects, present.reconnects),
      stalls: past.stalls + present.stalls,
      decodeErrors: past.decodeErrors + present.decodeErrors,
      timestampJumps: past.timestampJumps + present.timestampJumps,
      sizeChanges: past.sizeChanges + present.sizeChanges,
      decoderExits: sum(past.decoderExits, present.decoderExits),
    };
  }
}

function sum(one: Counts, other: Counts): Counts {
  const both: Record<string, number> = { ...one };
  for (const [reason, count] of Object.entries(other)) both[reason] = (both[reason] ?? 0) + count;
  return both;
}
