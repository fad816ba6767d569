import { from, lastValueFrom, toArray } from 'rxjs';
import { type DepthMap, Flow, type Frame, type FrameWindow, type Size } from '../../frames/index.ts';
import { type DepthEstimator, estimateDepth } from '../../operators/index.ts';
import type { ClipFrame } from './evaluated-frame.ts';

/** A frame of a snippet with its picture. */
export interface SnippetFrame {
  readonly at: ClipFrame;
  /** RGB, 3 bytes a pixel, at the network's size. */
  readonly pixels: Uint8Array;
}

/** For each frame of a snippet, in order, the offsets of the context frames that its model is given. */
export type SnippetWindows = readonly (readonly number[])[];

/**
 * Where a model looks for each frame of a snippet of successive frames so that it sees that snippet alone: at its own
 * window, moved the least that keeps it inside, in which the target then has another place. A snippet of as many frames
 * as the window has is answered by one window, as TC-Depth's evaluation does (`export_snippet_pred.py`).
 *
 * Answers in words why there are none: for a window that leaves out frames, is longer than the snippet, or looks one way
 * alone, which a snippet around its target does not.
 */
export function windowsInside(frames: number, contextOffsets: readonly number[]): SnippetWindows | string {
  const window = [...contextOffsets, 0].sort((a, b) => a - b);
  const [first, last] = [window[0]!, window.at(-1)!];
  const words = `the window ${window.join(', ')}`;
  if (last - first + 1 !== window.length) return `${words} leaves out frames of a snippet`;
  if (first === 0 || last === 0) return `${words} looks one way, and a snippet has its target in the middle`;
  if (window.length > frames) return `${words} is longer than a snippet of ${frames} frames`;
  return Array.from({ length: frames }, (_, target) => {
    const move = Math.max(0, -(target + first)) + Math.min(0, frames - 1 - (target + last));
    return move === 0 ? contextOffsets : window.map((offset) => offset + move).filter((offset) => offset !== 0);
  });
}

/**
 * Asks a multi-frame model about snippets, each by windows inside it alone; what one snippet was told the next one knows,
 * for as long as the caller holds the same {@link SnippetFrame}.
 */
export class SnippetAnswers {
  readonly #model: DepthEstimator;
  readonly #size: Size;
  readonly #windows: SnippetWindows;
  readonly #flow = new Flow();
  readonly #frames = new WeakMap<SnippetFrame, Frame>();
  readonly #known = new WeakMap<Frame, Map<string, DepthMap>>();
  /** Snippets that were not answered whole. */
  failed = 0;

  /** `size`: that of the pictures. */
  constructor(model: DepthEstimator, { width, height }: Size, windows: SnippetWindows) {
    this.#model = model;
    this.#size = { width, height };
    this.#windows = windows;
  }

  /** Depth of each frame of a snippet, in order; `undefined` where one of them was not answered. Does not reject. */
  async ask(snippet: readonly SnippetFrame[]): Promise<DepthMap[] | undefined> {
    const frames = snippet.map((frame) => this.#frameOf(frame));
    const windows = this.#windows.map((offsets, i): FrameWindow => {
      return { target: frames[i]!, offsets, context: offsets.map((offset) => frames[i + offset]!) };
    });
    const open = windows.filter(({ target, offsets }) => !this.#known.get(target)?.has(String(offsets)));
    const answers = await lastValueFrom(from(open).pipe(estimateDepth(this.#model), toArray()));
    for (const [i, answer] of answers.entries()) {
      const { target, offsets } = open[i]!;
      if ('missed' in answer) continue;
      const known = this.#known.get(target) ?? new Map<string, DepthMap>();
      this.#known.set(target, known.set(String(offsets), answer.depth));
    }
    const depths = windows.flatMap(({ target, offsets }) => this.#known.get(target)?.get(String(offsets)) ?? []);
    if (depths.length === windows.length) return depths;
    this.failed++;
    return undefined;
  }

  #frameOf(snippetFrame: SnippetFrame): Frame {
    const known = this.#frames.get(snippetFrame);
    if (known) return known;
    const { at, pixels } = snippetFrame;
    const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
    shared.set(pixels);
    const frame: Frame = {
      ...at.frame,
      ...this.#size,
      // A stream of its own: a model may remember where the other one stands.
      stream: 'evaluate, snippets',
      arrivedAt: performance.now(),
      pixels: shared,
      sourceSize: this.#size,
      intrinsics: at.camera,
      pose: at.pose,
      flow: this.#flow,
    };
    this.#frames.set(snippetFrame, frame);
    return frame;
  }
}
