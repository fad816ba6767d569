import type { CameraIntrinsics, CameraPose, Size } from './camera.ts';
import type { Flow } from './flow.ts';

/** Why a stretch of a stream begins at a frame: nothing before it may share a window with it. */
export type SegmentStart = 'scene-cut' | 'time-gap' | 'reconnect';

/**
 * One decoded picture with time, already at the size the network works at.
 *
 * The frame owns its memory: `pixels` lies in a SharedArrayBuffer of its own, so it can be read by the inference worker
 * and by the main thread without a copy. Nobody writes to it after it was emitted.
 */
export interface Frame extends Size {
  /** Name of the stream it belongs to. */
  readonly stream: string;
  /** Position in its stream, from 0, without holes as long as the source lost nothing. */
  readonly index: number;
  /** Name of results made from it: the input file's stem for picture folders, else the six-digit index. */
  readonly name: string;
  /** Media time in seconds. It may jump where `segmentStart` is set. */
  readonly timestamp: number;
  /** When it left the decoder, in milliseconds of `performance.now()` of this process. */
  readonly arrivedAt: number;
  /**
   * When the picture was taken, in Unix milliseconds by this host's clock: its arrival less what it came later than the
   * promptest of its connection. Cameras only; the constant delay of camera and network is not known and not in it.
   * For display and files: where the clock of the host is set, it jumps.
   */
  readonly capturedAt?: number | undefined;
  /**
   * The same moment in milliseconds of `performance.now()` of this process, which no setting of the clock moves: what
   * an age is measured from. Cameras only; never later than `arrivedAt`.
   */
  readonly takenAt?: number | undefined;
  /** RGB, row-major, 3 bytes a pixel, `width * height * 3` long. */
  readonly pixels: Uint8Array<SharedArrayBuffer>;
  /** Size of the picture in the footage, before it was scaled for the network. */
  readonly sourceSize: Size;
  /** Camera at `width` × `height`, where known. */
  readonly intrinsics?: CameraIntrinsics | undefined;
  readonly pose?: CameraPose | undefined;
  /** Set on the first frame of a new stretch; absent inside one and on the very first frame. */
  readonly segmentStart?: SegmentStart | undefined;
  /** The brake of the stream this frame came from. */
  readonly flow: Flow;
}
