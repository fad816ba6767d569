import { stepsFilling } from '../../../frames/depth-steps.ts';
import { DepthcastError, type DepthFrame } from '../../../frames/index.ts';
import { CameraTransforms } from './camera-transform.ts';
import { FrameContent } from './frame-content.ts';
import { StreamLog } from './stream-log.ts';

/** How frames are put into messages. */
export interface ContentOptions {
  /**
   * Millimetres that one step of `/depth/image` stands for, for metric depth; 1 by default, as REP 118 wants it. 16 bits
   * of millimetres end at 65.5 m; 2 reach 131 m.
   */
  readonly millimetresPerStep?: number | undefined;
  /** Every how many pixels, across and down, a point is taken. */
  readonly pointStride?: number | undefined;
  /** 1…100; 80 by default. */
  readonly jpegQuality?: number | undefined;
  /** `wall` = when the picture was taken, by this machine's clock; `media` = the time in the footage. */
  readonly clock?: 'wall' | 'media' | undefined;
}

/** Checks the numbers of {@link ContentOptions}. Throws `option-invalid`. */
export function checkContentOptions({
  millimetresPerStep = 1,
  pointStride = 1,
  jpegQuality = 80,
}: ContentOptions): void {
  const fault = (name: string, value: number, advice: string): DepthcastError =>
    new DepthcastError('option-invalid', `The option ${name} is ${value}.`, { advice, facts: { [name]: value } });
  if (!(millimetresPerStep >= 0.01 && millimetresPerStep <= 1000)) {
    throw fault('millimetresPerStep', millimetresPerStep, 'Give a number from 0.01 to 1000.');
  }
  if (!Number.isInteger(pointStride) || pointStride < 1 || pointStride > 64) {
    throw fault('pointStride', pointStride, 'Give a whole number from 1 to 64.');
  }
  if (!Number.isInteger(jpegQuality) || jpegQuality < 1 || jpegQuality > 100) {
    throw fault('jpegQuality', jpegQuality, 'Give a whole number from 1 to 100.');
  }
}

/** Name of the space everything stands in; z is up. */
export const MAP = 'map';

/** What a stream's messages have in common: its camera's name and place, the scale of its depth, what was said last. */
export class StreamContent {
  /** Name of the camera's space: x right, y down, z forward, as pictures have it. */
  readonly frameId: string;
  readonly #options: ContentOptions;
  readonly #transforms = new CameraTransforms();
  readonly #log = new StreamLog();
  #stepsPerUnit: number | undefined;
  #last = -1n;

  constructor(name: string, options: ContentOptions) {
    checkContentOptions(options);
    this.frameId = `${name}/camera`;
    this.#options = options;
  }

  /** The content of the next frame. Frames are given in order, each once. */
  next(answer: DepthFrame): FrameContent {
    const { pointStride = 1, jpegQuality = 80, millimetresPerStep = 1, clock = 'media' } = this.#options;
    if (answer.depth.kind === 'metric') this.#stepsPerUnit = 1000 / millimetresPerStep;
    else this.#stepsPerUnit ??= stepsFilling(answer.depth);
    return new FrameContent(answer, {
      time: clock === 'wall' ? this.#laterThanLast(wallTime(answer)) : nanoseconds(answer.frame.timestamp * 1e6),
      frameId: this.frameId,
      stepsPerUnit: this.#stepsPerUnit,
      pointStride,
      jpegQuality,
      transform: this.#transforms.of(answer.frame.pose),
      logs: this.#log.next(answer),
    });
  }

  /** A clock that is set back, or a camera's time that is estimated anew, must not make a viewer take it for a seek. */
  #laterThanLast(time: bigint): bigint {
    this.#last = time > this.#last ? time : this.#last + 1000n;
    return this.#last;
  }
}

function wallTime({ frame }: DepthFrame): bigint {
  return nanoseconds((frame.capturedAt ?? performance.timeOrigin + frame.arrivedAt) * 1000);
}

/** Whole microseconds are all that a double holds of today's date. */
function nanoseconds(microseconds: number): bigint {
  return BigInt(Math.max(0, Math.round(microseconds))) * 1000n;
}
