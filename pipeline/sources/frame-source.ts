import type { CameraIntrinsics, DepthcastError, Frame, ResizeFilter, Size } from '../../frames/index.ts';
import type { CameraCounters } from '../telemetry/camera-reading.ts';

/** What is known of footage that ends, once it is open. */
export interface FootageInfo {
  readonly live: false;
  readonly size: Size;
  /** Frames a second as the container states it; `undefined` for a variable rate or where unknown. */
  readonly fps?: number | undefined;
  /** Number of frames where it is known before decoding. */
  readonly frameCount?: number | undefined;
  /** Names of the frames in order, where they are known before decoding; else a frame is named by its index. */
  readonly names?: readonly string[] | undefined;
  readonly codec?: string | undefined;
  /** Camera at `size`. */
  readonly intrinsics?: CameraIntrinsics | undefined;
  readonly hasPoses: boolean;
}

/** What is known of a camera; most of it only while or after it has played. */
export interface CameraInfo {
  readonly live: true;
  /** Where it is, without user, password and query: for logs and pages. */
  readonly address: string;
  /** Size of the pictures it sends, as last seen; absent until its first picture. */
  readonly size?: Size | undefined;
  /** Codec as ffmpeg names it, as last seen. */
  readonly codec?: string | undefined;
  readonly fps?: undefined;
  readonly frameCount?: undefined;
  readonly names?: undefined;
  readonly intrinsics?: undefined;
  readonly hasPoses: false;
}

/** What is known of a source. `live` tells the two kinds apart. */
export type SourceInfo = FootageInfo | CameraInfo;

/** How opened footage is read. */
export interface ReadOptions {
  /** Name of the stream, copied into each frame. */
  readonly stream: string;
  /** Size the decoder scales every frame to. */
  readonly size: Size;
  /** Filter it scales with; default `bicubic`. */
  readonly resize?: ResizeFilter | undefined;
  /** Overrides what the source knows of its camera; at any size. */
  readonly intrinsics?: CameraIntrinsics | undefined;
  /** First frame to emit, from 0; earlier ones are decoded and let go (resume). */
  readonly from?: number | undefined;
  readonly maxFrames?: number | undefined;
  /** Start again at the end, for ever (files served as if live). */
  readonly loop?: boolean | undefined;
  /** Emit at the footage's own pace instead of as fast as it is taken. */
  readonly realTime?: boolean | undefined;
}

/** How a camera is read. {@link ReadOptions} fit as well; what only footage can do is not looked at. */
export interface CameraReadOptions {
  /** Name of the stream, copied into each frame. */
  readonly stream: string;
  /**
   * Size the decoder scales every frame to: one size, or a function of the size that the camera turns out to have. The
   * function is pure and quick; it is asked for many sizes before the camera is seen, and a throw counts as "none".
   */
  readonly size: Size | ((footage: Size) => Size);
  /** Filter it scales with; default `bicubic`. */
  readonly resize?: ResizeFilter | undefined;
  /** The camera's intrinsics at any size, or a function of the size of its pictures. */
  readonly intrinsics?: CameraIntrinsics | ((footage: Size) => CameraIntrinsics | undefined) | undefined;
  /** The iteration ends after so many frames. */
  readonly maxFrames?: number | undefined;
}

/** Footage that ends. Once open it may be read once. */
export interface Footage {
  readonly info: FootageInfo;
  /**
   * Decoded frames in order; ending the iteration kills the decoder. Frames decoded before a fault are delivered
   * first, then the iteration throws a DepthcastError.
   */
  frames(options: ReadOptions): AsyncIterable<Frame>;
}

/** In which state a camera is. */
export type CameraState =
  /** Not read yet, or a connection is being made. */
  | 'connecting'
  /** Frames come. */
  | 'live'
  /** It was live and frames stopped; the connection is being given up. */
  | 'stalled'
  /** Between two tries. */
  | 'waiting'
  /** It answered that it will not play (wrong login, no such stream); the next try is far off. */
  | 'refused'
  /** The iteration was ended. */
  | 'closed';

/** What a camera has been through so far. `decoded` = `emitted` + all of `discarded`, plus what is on its way (≤ 8). */
export interface CameraStatus extends CameraCounters {
  readonly state: CameraState;
  /** When it came into this state, in milliseconds of `performance.now()`. */
  readonly sinceMs: number;
  /** Why it is not live; without passwords. */
  readonly fault?: DepthcastError | undefined;
}

/** A live source: nothing makes it wait, and it has no end of its own. */
export interface Camera {
  readonly info: CameraInfo;
  /**
   * Frames as they come. It never throws for a fault of the camera and never ends by itself: it connects again, for
   * ever. Read once. Ending the iteration ends connection and decoder.
   */
  frames(options: CameraReadOptions): AsyncIterable<Frame>;
  /** The counters so far. */
  status(): CameraStatus;
  /** Calls `listener` at each change of state; the answer ends that. */
  onChange(listener: (status: CameraStatus) => void): () => void;
}

/** Where frames begin. */
export type FrameSource = Footage | Camera;

/** Whether a source is a camera; the type of a whole source does not follow from its `info.live`. */
export function isCamera(source: FrameSource): source is Camera {
  return source.info.live;
}
