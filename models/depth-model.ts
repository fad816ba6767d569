import type { DepthKind, DepthMap, FrameWindow, Size } from '../frames/index.ts';

/** Something that estimates depth. One object owns one worker thread; {@link DepthModel.close} ends it. */
export interface DepthModel {
  readonly id: string;
  readonly kind: DepthKind;
  /** Offsets of the context frames it was trained with, e.g. `[-1, 1]`; empty for a single-frame model. */
  readonly contextOffsets: readonly number[];
  /** How many estimates may wait in its worker so that it never idles between two. */
  readonly inFlight: number;
  /** The size frames must be decoded to for a source of the given size. */
  inputSize(source: Size): Size;
  /**
   * Depth of the window's target at the target's size. A single-frame model looks at the target alone.
   *
   * Rejects with a DepthcastError (`model-crashed`, `model-shape`, `model-invalid`) and stays usable unless closed.
   */
  estimate(window: FrameWindow): Promise<DepthMap>;
  /** Answers what was asked before, then ends the worker. Closing twice does nothing. */
  close(): Promise<void>;
}
