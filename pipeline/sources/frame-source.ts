import type { CameraIntrinsics, Frame, ResizeFilter, Size } from '../../frames/index.ts';

/** What is known of a source once it is open. */
export interface SourceInfo {
  /** `true` for cameras: nothing may make them wait, and they have no end. */
  readonly live: boolean;
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

/** How an opened source is read. */
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

/** Where frames begin. An opened source may be read once. */
export interface FrameSource {
  readonly info: SourceInfo;
  /**
   * Decoded frames in order; ending the iteration kills the decoder. Frames decoded before a fault are delivered
   * first, then the iteration throws a DepthcastError.
   */
  frames(options: ReadOptions): AsyncIterable<Frame>;
}
