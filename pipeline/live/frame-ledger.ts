import type { Frame } from '../../frames/index.ts';

/** Where a frame was let go on its way: before a model was asked for it, or because no model had an answer. */
export type DropStage = 'window' | 'estimate';

/** What became of the frames of a stream: `in` = `out` + all of `dropped` + `inside`, to the frame, at any time. */
export interface FrameAccount {
  readonly in: number;
  /** Answers published. */
  readonly out: number;
  /** By `STAGE/REASON`, e.g. `window/thinned`. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Frames that are on their way now; 0 once the stream has ended. */
  readonly inside: number;
}

/** What a ledger tells as it happens. */
export interface LedgerEvents {
  readonly onIn?: (() => void) | undefined;
  readonly onDropped?: ((stage: DropStage, reason: string) => void) | undefined;
}

/**
 * Accounts for every frame of a stream by itself, not by the difference of two counters: a frame that enters is kept
 * by name until it leaves. One that is lost stays `inside` for ever, and one that leaves twice makes {@link balanceOf}
 * other than 0: a fault in the counting cannot hide, and it cannot stop a stream either.
 *
 * A frame is known by its pixels: operators copy frames to mark them, and the pixels stay the same object.
 */
export class FrameLedger {
  readonly #inside = new Set<Frame['pixels']>();
  readonly #dropped: Record<string, number> = {};
  readonly #events: LedgerEvents;
  #in = 0;
  #out = 0;

  constructor(events: LedgerEvents = {}) {
    this.#events = events;
  }

  /** A frame comes in. */
  enter({ pixels }: Frame): void {
    this.#in++;
    this.#inside.add(pixels);
    this.#events.onIn?.();
  }

  /** A frame comes too late to be taken in, and goes at once. */
  turnAway(reason: string): void {
    this.#in++;
    this.#events.onIn?.();
    this.#count('window', reason);
  }

  /** A frame's answer was published. */
  publish({ pixels }: Frame): void {
    this.#inside.delete(pixels);
    this.#out++;
  }

  /** A frame was let go. */
  drop({ pixels }: Frame, stage: DropStage, reason: string): void {
    this.#inside.delete(pixels);
    this.#count(stage, reason);
  }

  /** Everything inside is let go for one reason. */
  dropAll(reason: string): void {
    for (let left = this.#inside.size; left > 0; left--) this.#count('window', reason);
    this.#inside.clear();
  }

  account(): FrameAccount {
    return { in: this.#in, out: this.#out, dropped: { ...this.#dropped }, inside: this.#inside.size };
  }

  #count(stage: DropStage, reason: string): void {
    const key = `${stage}/${reason}`;
    this.#dropped[key] = (this.#dropped[key] ?? 0) + 1;
    this.#events.onDropped?.(stage, reason);
  }
}

/** Frames in minus out, dropped and inside: 0 where the account is right. */
export function balanceOf({ in: entered, out, dropped, inside }: FrameAccount): number {
  return entered - out - inside - Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
