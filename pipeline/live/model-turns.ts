import { defer, first, type MonoTypeOperatorFunction, Observable, type Subscriber } from 'rxjs';
import type { DepthMap, FrameWindow } from '../../frames/index.ts';
import type { DepthEstimator } from '../../operators/index.ts';

/** Milliseconds a window from which on none waits inside the model: the pause between two is then worth less than age. */
const SLOW_MS = 100;
/** Share of the newest window in the mean. */
const FRESH = 0.2;

/** How one stream sits at a shared model. */
export interface SeatOptions {
  /** Milliseconds between two frames of the stream, as of now: a window is due that long after its frame arrived. */
  readonly intervalMs: () => number;
  /** Window offsets of this stream besides 0, as many as the model has; default the model's own. */
  readonly contextOffsets?: readonly number[] | undefined;
  /** Told how many milliseconds a window waited for its turn. */
  readonly onTurn?: ((waitedMs: number) => void) | undefined;
  /** Told of each window that the model failed on. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** One stream's share of a model: an estimator like any other. */
export interface Seat extends DepthEstimator {
  /** Windows that wait for their turn. */
  readonly waiting: number;
  /**
   * For live streams, in front of `keepLatest`: holds the stream's flow until its turn has come, so that what is then
   * asked is the newest window of that moment and not the one that was the newest when the waiting began.
   */
  gate(): MonoTypeOperatorFunction<FrameWindow>;
  /** Gives the seat up; what waits is still answered. */
  leave(): void;
}

/** A window that wants its turn: handed over already, or kept behind a gate. */
interface Wish {
  readonly place: Place;
  readonly dueAt: number;
  readonly since: number;
  /** How many turns had been given when the waiting began. */
  readonly sinceTurn: number;
  /** Takes the turn; `false` where nothing came of it. */
  readonly take: () => boolean;
}

/** A stream at the model. */
interface Place {
  readonly options: SeatOptions;
  lastTurn: number;
  underWay: number;
  /** What waits behind the gate. */
  kept: Wish | undefined;
  /** Opens the gate. */
  open: (() => void) | undefined;
  /** The gate was opened for what is asked next. */
  mayAsk: boolean;
}

/**
 * One model shared by many streams, a window at a time.
 *
 * The model is given as many windows as it wants in flight, a slow one a window at a time; the others wait. Who is next: of those that can still be in
 * time, the one that is due first; else, of the late ones, the stream whose last turn is longest ago. A late window that
 * has waited for as many turns as there are streams goes first, so that nobody starves. A window whose stream
 * unsubscribes before its turn is never asked; one under way is waited for, since the model is busy with it.
 */
export class ModelTurns {
  readonly #model: DepthEstimator;
  readonly #now: () => number;
  readonly #places = new Set<Place>();
  readonly #handed = new Set<Wish>();
  #turns = 0;
  #underWay = 0;
  /** Mean milliseconds that the model works on a window, and when it last finished one. */
  #workMs = 0;
  #freeSince = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds on the clock of `frame.arrivedAt`; default `performance.now()`. */
  constructor(model: DepthEstimator, now: () => number = () => performance.now()) {
    this.#model = model;
    this.#now = now;
  }

  /** Offsets of the context frames that the model was made for. */
  get contextOffsets(): readonly number[] {
    return this.#model.contextOffsets;
  }

  /** Streams at the model. */
  get seats(): number {
    return this.#places.size;
  }

  /** A seat for one more stream. */
  seat(options: SeatOptions): Seat {
    const place: Place = { options, lastTurn: -1, underWay: 0, kept: undefined, open: undefined, mayAsk: false };
    this.#places.add(place);
    const model = this.#model;
    const turns = this;
    return {
      id: model.id,
      contextOffsets: options.contextOffsets ?? model.contextOffsets,
      get inFlight() {
        return turns.#share;
      },
      get waiting() {
        return [...turns.#handed].filter((wish) => wish.place === place).length + (place.kept ? 1 : 0);
      },
      estimate: (window) => new Observable((subscriber) => turns.#ask(place, window, subscriber)),
      gate: () => (source) => new Observable((subscriber) => turns.#guard(place, source, subscriber)),
      leave: () => void turns.#places.delete(place),
    };
  }

  /** A stream alone keeps the model busy by itself; of several, each has one window there at a time. */
  get #share(): number {
    return this.seats > 1 ? 1 : this.#model.inFlight;
  }

  #guard(place: Place, source: Observable<FrameWindow>, subscriber: Subscriber<FrameWindow>): void {
    const shut = (): void => {
      const { open } = place;
      place.kept = undefined;
      place.open = undefined;
      open?.();
    };
    subscriber.add(shut);
    subscriber.add(
      source.subscribe({
        next: (window) => {
          const before = place.kept;
          place.open ??= window.target.flow.hold();
          place.kept = this.#wish(place, window, () => this.#letIn(place), before);
          subscriber.next(window);
          this.#give();
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  }

  /** Opens a gate: what waits behind it is asked before this returns, unless it needs no model after all. */
  #letIn(place: Place): boolean {
    const { open } = place;
    const before = this.#underWay;
    place.kept = undefined;
    place.open = undefined;
    place.mayAsk = true;
    open?.();
    place.mayAsk = false;
    return this.#underWay > before;
  }

  #ask(place: Place, window: FrameWindow, subscriber: Subscriber<DepthMap>): void {
    if (place.mayAsk) {
      place.mayAsk = false;
      this.#begin(place, window, subscriber);
      return;
    }
    const wish = this.#wish(place, window, () => {
      this.#handed.delete(wish);
      this.#begin(place, window, subscriber);
      return true;
    });
    this.#handed.add(wish);
    subscriber.add(() => this.#handed.delete(wish));
    this.#give();
  }

  #wish(place: Place, { target }: FrameWindow, take: () => boolean, before?: Wish): Wish {
    // Behind a gate the newest window takes the place of one that waited, and its claim with it.
    const dueAt = before?.dueAt ?? target.arrivedAt + place.options.intervalMs();
    return { place, dueAt, since: this.#now(), sinceTurn: before?.sinceTurn ?? this.#turns, take };
  }

  #begin(place: Place, window: FrameWindow, subscriber: Subscriber<DepthMap>): void {
    this.#underWay++;
    place.underWay++;
    const begun = this.#now();
    const settle = (): void => {
      this.#underWay--;
      place.underWay--;
      const now = this.#now();
      this.#workMs += (now - Math.max(begun, this.#freeSince) - this.#workMs) * FRESH;
      this.#freeSince = now;
    };
    // Not a part of the caller's subscription: the model stays busy with it whoever still listens.
    defer(() => this.#model.estimate(window))
      .pipe(first())
      .subscribe({
        next: (depth) => {
          settle();
          subscriber.next(depth);
          subscriber.complete();
        },
        error: (error: unknown) => {
          settle();
          place.options.onFault?.(error);
          subscriber.error(error);
          this.#give();
        },
        complete: () => this.#give(),
      });
  }

  #give(): void {
    while (this.#underWay < (this.#workMs > SLOW_MS ? 1 : this.#model.inFlight)) {
      const wish = this.#next();
      if (!wish) return;
      const { place, since } = wish;
      this.#turns++;
      const before = place.lastTurn;
      place.lastTurn = this.#turns;
      // A turn that nobody takes is not one.
      if (wish.take()) place.options.onTurn?.(this.#now() - since);
      else place.lastTurn = before;
    }
  }

  #next(): Wish | undefined {
    const now = this.#now();
    let dueFirst: Wish | undefined;
    let longestAgo: Wish | undefined;
    const look = (wish: Wish): void => {
      if (wish.dueAt >= now) {
        const sooner = dueFirst ? wish.dueAt - dueFirst.dueAt || wish.place.lastTurn - dueFirst.place.lastTurn : -1;
        if (sooner < 0) dueFirst = wish;
      } else if (!longestAgo || wish.place.lastTurn < longestAgo.place.lastTurn) longestAgo = wish;
    };
    for (const wish of this.#handed) look(wish);
    for (const { kept, underWay } of this.#places) if (kept && underWay < this.#share) look(kept);
    const waitedARound = longestAgo && this.#turns - longestAgo.sinceTurn >= this.seats;
    return waitedARound ? longestAgo : (dueFirst ?? longestAgo);
  }
}
