import { type Flow, type Frame, type SegmentStart, type Size, scaleIntrinsics } from '../../../frames/index.ts';
import type { NutPicture } from '../../ffmpeg/nut.ts';
import type { CameraReadOptions } from '../frame-source.ts';
import type { CameraCounts } from './camera-counts.ts';
import type { MediaClock, Moment } from './media-clock.ts';
import type { SizeRule } from './scale-to.ts';

/** What all connections of one reading share. */
export interface Reading {
  readonly options: CameraReadOptions;
  readonly rule: SizeRule;
  readonly counts: CameraCounts;
  readonly clock: MediaClock;
  readonly flow: Flow;
  readonly staleAfterMs: number;
  /** Position of the next frame in the stream. */
  nextIndex: number;
  /** Whether any frame was handed on yet. */
  begun: boolean;
  emit(frame: Frame): void;
}

/** Pictures that wait for their size to be told, which comes over another pipe at about the same time. */
const UNSIZED = 8;

/** Milliseconds of pictures that show whether a camera sends old ones at first; without another it is live as well. */
const LOOK = 100;

/** Milliseconds that a camera may show in a millisecond and count as live: cameras and networks are uneven. */
const PACE = 1.4;

/** Milliseconds after which a camera that sends faster than time counts as live all the same. */
const CATCH_UP = 2000;

/** The pictures of one connection, on their way to become frames. */
export class Epoch {
  /** Size of the camera's pictures, once known. */
  footage: Size | undefined;
  /** True where the pictures do not have the size they should: the connection must be made again with the right one. */
  wrongSize = false;
  /** `performance.now()` of the first and the last picture fit to be handed on. */
  firstAt: number | undefined;
  lastAt: number | undefined;
  /** `performance.now()` of the last picture of any kind. */
  heardAt = 0;
  /** Pictures that came. */
  pictures = 0;
  readonly #reading: Reading;
  readonly #ask: (footage: Size) => Size;
  readonly #unsized: { picture: NutPicture; arrivedAt: number }[] = [];
  #scaled: Size | undefined;
  #settled = false;
  #held: { picture: NutPicture; moment: Moment; arrivedAt: number } | undefined;
  #holdTimer: NodeJS.Timeout | undefined;
  #beganAt: number | undefined;
  #look: { readonly mediaMs: number; readonly arrivedAt: number } | undefined;
  /** The next frame does not follow the one before it. */
  #break: SegmentStart | undefined;

  /** @param ask the size rule, guarded by whoever owns the connection */
  constructor(reading: Reading, ask: (footage: Size) => Size) {
    this.#reading = reading;
    this.#ask = ask;
    this.#break = reading.begun ? 'reconnect' : undefined;
    reading.clock.begin();
  }

  /** What the decoder says of sizes, before the pictures of that size. */
  sized(footage: Size, scaled: Size): void {
    const { counts } = this.#reading;
    if (this.footage && (this.footage.width !== footage.width || this.footage.height !== footage.height)) {
      counts.sizeChanges++;
    }
    this.footage = footage;
    const wanted = this.#ask(footage);
    // What changes on the way is scaled on to the size of the beginning, which may bend the picture.
    const now = this.#scaled ?? scaled;
    this.#scaled = now;
    this.wrongSize = wanted.width !== now.width || wanted.height !== now.height;
    for (const { picture, arrivedAt } of this.#unsized.splice(0)) this.#place(picture, arrivedAt);
  }

  /** A picture from the decoder. */
  take(picture: NutPicture, arrivedAt: number): void {
    this.pictures++;
    this.heardAt = arrivedAt;
    this.#reading.counts.decoded++;
    // Its size is told over another pipe, which may be read later.
    if (this.footage !== undefined) {
      this.#place(picture, arrivedAt);
      return;
    }
    this.#unsized.push({ picture, arrivedAt });
    if (this.#unsized.length > UNSIZED) {
      this.#unsized.shift();
      this.#reading.counts.discard('unknown-size');
    }
  }

  /** No more pictures come; those that were held back are handed on, unless nobody wants them. */
  end(wanted: boolean): void {
    clearTimeout(this.#holdTimer);
    const held = this.#held;
    this.#held = undefined;
    for (const _ of this.#unsized.splice(0)) this.#reading.counts.discard('unknown-size');
    if (!held) return;
    if (wanted) this.#publish(held.picture, held.moment, held.arrivedAt);
    else this.#reading.counts.discard('closed');
  }

  #place(picture: NutPicture, arrivedAt: number): void {
    const { counts, clock } = this.#reading;
    const moment = clock.place(picture.microseconds / 1000, arrivedAt);
    if (moment.jumped) {
      counts.timestampJumps++;
      this.#break ??= 'time-gap';
    }
    if (this.wrongSize) counts.discard('wrong-size');
    else if (this.#settled) this.#publish(picture, moment, arrivedAt);
    else this.#settle(picture, moment, arrivedAt);
  }

  /**
   * A hub may begin with what it kept since the last key frame, seconds old, as fast as the network allows. As long as
   * more is shown than time passes, only the newest picture is held, and it is let go when the next comes.
   */
  #settle(picture: NutPicture, moment: Moment, arrivedAt: number): void {
    const now = { mediaMs: picture.microseconds / 1000, arrivedAt };
    clearTimeout(this.#holdTimer);
    this.#beganAt ??= arrivedAt;
    this.#look ??= now;
    const took = arrivedAt - this.#look.arrivedAt;
    if (took >= LOOK) {
      const live = now.mediaMs - this.#look.mediaMs <= took * PACE;
      this.#look = now;
      if (live || arrivedAt - this.#beganAt > CATCH_UP) {
        this.#live();
        this.#publish(picture, moment, arrivedAt);
        return;
      }
    }
    if (this.#held) this.#reading.counts.discard('catching-up');
    this.#held = { picture, moment, arrivedAt };
    this.#holdTimer = setTimeout(() => this.#live(), LOOK);
  }

  #live(): void {
    this.#settled = true;
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#publish(held.picture, held.moment, held.arrivedAt);
  }

  #publish(picture: NutPicture, moment: Moment, arrivedAt: number): void {
    const reading = this.#reading;
    const { options, counts, flow } = reading;
    const index = reading.nextIndex++;
    if (moment.ageMs > reading.staleAfterMs) {
      counts.discard('stale');
      this.#break ??= 'time-gap';
      return;
    }
    this.firstAt ??= arrivedAt;
    this.lastAt = arrivedAt;
    counts.lastFrameAt = arrivedAt;
    const footage = this.footage!;
    const size = this.#scaled!;
    const camera = typeof options.intrinsics === 'function' ? options.intrinsics(footage) : options.intrinsics;
    const segmentStart = this.#break;
    this.#break = undefined;
    reading.begun = true;
    reading.emit({
      stream: options.stream,
      index,
      name: String(index).padStart(6, '0'),
      timestamp: moment.timestamp,
      arrivedAt,
      capturedAt: moment.capturedAt,
      takenAt: moment.takenAt,
      pixels: picture.pixels,
      width: size.width,
      height: size.height,
      sourceSize: footage,
      intrinsics: camera && scaleIntrinsics(camera, size),
      segmentStart,
      flow,
    });
  }
}
