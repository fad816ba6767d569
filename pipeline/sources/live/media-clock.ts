/** What the clock makes of one picture. */
export interface Moment {
  /** Seconds, growing over all connections of the camera. */
  readonly timestamp: number;
  /** Milliseconds that it came later than the promptest pictures of its connection. */
  readonly ageMs: number;
  /** Unix milliseconds by this host's clock. */
  readonly capturedAt: number;
  /** The camera's own clock jumped here. */
  readonly jumped: boolean;
}

/** Pictures at the beginning of a connection whose times may be anything: the first RTP packets come without one. */
const WARM_UP = 10;

/**
 * Milliseconds that a picture may come earlier than the promptest so far before that counts as a jump of the camera's
 * clock. A gap in its pictures alone is none: who was late and left some out is on time again.
 */
const AHEAD = 1000;

/** Milliseconds a step must at least have; a muxer that is given times that fall back makes steps of a microsecond. */
const LEAST_STEP = 0.5;

/** Share by which a camera's clock may be slow or fast, generously: the crystals in them are 20 times better. */
const DRIFT = 0.001;

/**
 * Keeps the time of a camera over its connections, each of which counts from a beginning of its own.
 *
 * Inside a connection a picture's time is the camera's. The promptest picture so far tells the delay that nobody can
 * see; what a picture is later than that is its age, and {@link Moment.ageMs} stays near 0 as long as pictures are
 * passed on as they are taken. Where the camera's clock jumps, the time of arrival takes its place for that step.
 */
export class MediaClock {
  #wallOffset = 0;
  #timestamp = -1;
  #lastMedia = 0;
  #lastArrival = 0;
  #count = 0;
  #odd = false;
  /** Arrival less media time of the promptest picture, in milliseconds. */
  #prompt = 0;
  /** Added to media times to make them grow over connections, in milliseconds. */
  #shift = 0;

  /** A new connection. */
  begin(): void {
    this.#count = 0;
    this.#odd = false;
    // Once a connection, so that a clock that was set meanwhile is followed, and never inside one.
    this.#wallOffset = Date.now() - performance.now();
  }

  /**
   * Places one picture in time. Every decoded picture goes through here, in order.
   *
   * @param mediaMs time by the decoder, in milliseconds
   * @param arrivedAt milliseconds of `performance.now()`
   */
  place(mediaMs: number, arrivedAt: number): Moment {
    const first = this.#count === 0;
    const arrivalStep = arrivedAt - this.#lastArrival;
    const mediaStep = mediaMs - this.#lastMedia;
    const odd = !first && (mediaStep < LEAST_STEP || arrivedAt - mediaMs < this.#prompt - AHEAD);
    // A clock that is set back stands still, as seen from here, until it has caught up: one jump, not one a picture.
    const jumped = odd && !this.#odd && this.#count > WARM_UP;
    this.#odd = odd;
    if (first || odd) {
      // The very first picture of a camera is at 0; later ones go on as long after the last as they came.
      const step = this.#timestamp < 0 ? 0 : Math.max(arrivalStep, 0.001);
      const at = this.#timestamp < 0 ? 0 : this.#timestamp + step;
      this.#shift = at - mediaMs;
      // A jump tells nothing about the delay: what was late before is as late now.
      const age = odd && !first ? Math.max(0, this.#lastArrival - this.#lastMedia - this.#prompt) : 0;
      this.#prompt = arrivedAt - mediaMs - age;
    } else {
      // It may creep up with a camera whose clock is slow, never as fast as a queue that builds up.
      this.#prompt = Math.min(this.#prompt + Math.max(0, arrivalStep) * DRIFT, arrivedAt - mediaMs);
    }
    this.#count++;
    this.#lastMedia = mediaMs;
    this.#lastArrival = arrivedAt;
    this.#timestamp = Math.max(this.#timestamp + 0.001, mediaMs + this.#shift);
    const ageMs = Math.max(0, arrivedAt - mediaMs - this.#prompt);
    return {
      timestamp: Math.max(0, this.#timestamp) / 1000,
      ageMs,
      capturedAt: this.#wallOffset + arrivedAt - ageMs,
      jumped,
    };
  }
}
