import type { Frame } from './frame.ts';

/** Why a window lacks a context frame. */
export type WindowGap = 'window-not-full' | 'scene-cut' | 'time-gap' | 'reconnect';

/** The target frame whose depth is wanted, with its context frames. */
export interface FrameWindow {
  readonly target: Frame;
  /** Offsets of the context frames in frames, e.g. `[-1, 1]`; the target's 0 is not among them. */
  readonly offsets: readonly number[];
  /** One entry an offset, in the order of `offsets`; `undefined` where there is no such frame. */
  readonly context: readonly (Frame | undefined)[];
  /** Why a context frame is missing; absent when the window is full. */
  readonly gap?: WindowGap | undefined;
}
