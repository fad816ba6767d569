import type { CameraIntrinsics, CameraPose, Frame, Size } from '../../frames/index.ts';

/** Measured depth of one frame. */
export interface TrueDepth extends Size {
  /** Row-major metres; 0 = not measured. */
  readonly data: Float32Array;
}

/** What names a frame in a data set. */
export type FrameName = Pick<Frame, 'name' | 'index' | 'timestamp'>;

/** What was measured beside the footage. Joined by name or number of the frame, never by its position in a list. */
export interface GroundTruth {
  /** Where it comes from, in a few words, for reports. */
  readonly summary: string;
  /** Depth of a frame; `undefined` where there is none. Throws `input-format` where its file is broken. */
  depthOf(frame: FrameName): Promise<TrueDepth | undefined>;
  /** Pose of the camera at a frame, where this data set states one. */
  poseOf(frame: FrameName): Promise<CameraPose | undefined>;
  /** The data set's camera at `size`, where it states one. */
  intrinsics(size: Size): CameraIntrinsics | undefined;
}
