/** What the clock makes of one picture. */
export interface Moment {
  /** Seconds, growing over all connections of the camera. */
  readonly timestamp: number;
  /** Milliseconds that it came later than the promptest pictures of its connection. */
  readonly ageMs: number;
  /** Unix milliseconds by this host's clock. */
  readonly capturedAt: number;
  /** Milliseconds of `performance.now()`. */
  readonly takenAt: number;
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

/** Share by which the pace of two connections may differ and still be the camera's own. */
const SAME_PACE = 0.02;

/** Milliseconds that may pass in one of a camera's own for that to be believed of it. */
const SLOWEST = 2;

/**
 * Mean share by which pictures may come off their pace. A line that is too slow takes as long for each as it is large,
 * and key frames are many times as large as others; a camera that counts wrong is as regular as any.
 */
const UNEVEN = 0.3;

/**
 * Keeps the time of a camera over its connections, each of which counts from a beginning of its own.
 *
 * Inside a connection a picture's time is the camera's. The promptest picture so far tells the delay that nobody can
 * see; what a picture is later than that is its age, and {@link Moment.ageMs} stays near 0 as long as pictures are
 * passed on as they are taken. Where the camera's clock jumps, the time of arrival takes its place for that step.
 *
 * Some cameras write times by their nominal rate, 40 ms each, and send a picture each 42: by their time each is later
 * than the one before. Where two connections in a row end so ({@link late}), at the same even pace, that pace is taken
 * for the camera's, and its times are stretched by it.
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

  /** By how much the camera's times are stretched, in this connection and in the next. */
  #pace = 1;
  #nextPace = 1;
  /** Pace of the connection before, where that ended late and was even. */
  #lateBefore: number | undefined;
  #late = false;
  /** What was seen of this connection since its last jump: the camera's time, time, and what came off the pace of both. */
  #media = 0;
  #passed = 0;
  #off = 0;

  /** A new connection. */
  begin(): void {
    if (!this.#late) this.#lateBefore = undefined;
    this.#late = false;
    this.#pace = this.#nextPace;
    this.#measureAnew();
    this.#count = 0;
    this.#odd = false;
    // Once a connection, so that a clock that was set meanwhile is followed, and never inside one.
    this.#wallOffset = Date.now() - performance.now();
  }

  /** This connection is given up because its pictures come ever later. */
  late(): void {
    this.#late = true;
    const pace = this.#media > 0 ? this.#passed / this.#media : 0;
    const even = pace > 1 && pace < SLOWEST && this.#off < UNEVEN * this.#passed;
    if (even && this.#lateBefore !== undefined && Math.abs(pace / this.#lateBefore - 1) < SAME_PACE)
      this.#nextPace = pace;
    this.#lateBefore = even ? pace : undefined;
  }

  #measureAnew(): void {
    this.#media = 0;
    this.#passed = 0;
    this.#off = 0;
  }

  #measure(mediaStep: number, arrivalStep: number): void {
    this.#media += mediaStep;
    this.#passed += arrivalStep;
    this.#off += Math.abs(arrivalStep - (mediaStep * this.#passed) / this.#media);
  }

  /**
   * Places one picture in time. Every decoded picture goes through here, in order.
   *
   * @param decodedMs time by the decoder, in milliseconds
   * @param arrivedAt milliseconds of `performance.now()`
   */
  place(decodedMs: number, arrivedAt: number): Moment {
    const mediaMs = decodedMs * this.#pace;
    const first = this.#count === 0;
    const arrivalStep = arrivedAt - this.#lastArrival;
    const mediaStep = mediaMs - this.#lastMedia;
    const odd = !first && (mediaStep < LEAST_STEP || arrivedAt - mediaMs < this.#prompt - AHEAD);
    // A clock that is set back stands still, as seen from here, until it has caught up: one jump, not one a picture.
    const jumped = odd && !this.#odd && this.#count > WARM_UP;
    this.#odd = odd;
    if (first || odd || this.#count <= WARM_UP) this.#measureAnew();
    else this.#measure(mediaStep / this.#pace, arrivalStep);
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
      takenAt: arrivedAt - ageMs,
      jumped,
    };
  }
}
