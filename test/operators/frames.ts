import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import {
  type DepthFrame,
  type DepthKind,
  type DepthMap,
  Flow,
  type Frame,
  type FrameWindow,
  type WindowGap,
} from '../../frames/index.ts';

/** A tiny grey frame; what a test cares about it states. */
export function frame(index: number, given: Partial<Frame> = {}): Frame {
  return {
    stream: 'test',
    index,
    name: String(index).padStart(6, '0'),
    timestamp: index / 10,
    arrivedAt: 0,
    width: 8,
    height: 4,
    pixels: new Uint8Array(new SharedArrayBuffer(8 * 4 * 3)),
    sourceSize: { width: 8, height: 4 },
    flow: new Flow(),
    ...given,
  };
}

/** A window without context, as a single-frame estimator needs it, or one with a gap. */
export function windowOf(target: Frame, gap?: WindowGap): FrameWindow {
  return gap
    ? { target, offsets: [-1], context: [undefined], gap }
    : { target, offsets: [-1], context: [frame(target.index - 1)] };
}

export function depthMap(value: number | ArrayLike<number>, kind: DepthKind = 'metric'): DepthMap {
  const data = typeof value === 'number' ? new Float32Array(32).fill(value) : Float32Array.from(value);
  return { width: 8, height: data.length / 8, kind, data };
}

export function depthFrame(index: number, given: Partial<DepthFrame> = {}): DepthFrame {
  return { frame: frame(index), depth: depthMap(10), estimator: 'multi', latencyMs: 1, inferenceMs: 1, ...given };
}

/** Virtual time that compares with vitest. */
export function virtualTime(): TestScheduler {
  return new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
}
