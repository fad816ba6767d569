import { depthSteps } from '../../../frames/depth-steps.ts';
import type { CameraIntrinsics, DepthFrame } from '../../../frames/index.ts';
import { pointCloud } from '../../../frames/point-cloud.ts';
import { frameJpeg } from '../../frame-jpeg.ts';
import type { Transform } from './camera-transform.ts';
import type { LogEntry } from './stream-log.ts';

/** A picture of numbers, a value a pixel, little-endian. */
export interface RawPicture {
  readonly width: number;
  readonly height: number;
  readonly encoding: 'mono16' | '32FC1';
  readonly data: Uint8Array;
}

/** Points of 16 bytes each: x, y, z as float32, then red, green, blue and 255. */
export interface PackedPoints {
  readonly count: number;
  readonly data: Uint8Array;
}

/** What the JSON message of a frame says. */
export interface FrameReport {
  readonly timestamp: { readonly sec: number; readonly nsec: number };
  readonly index: number;
  /** Media time in seconds. */
  readonly mediaTime: number;
  readonly estimator: string;
  readonly fallbackReason: string | null;
  /** 0…1, and percent; see Consistency. */
  readonly score: number | null;
  readonly flicker: number | null;
  readonly latencyMs: number;
  readonly inferenceMs: number;
  readonly kind: string;
  /** How many units of depth one step of `/depth/image` is: 0.001 = a millimetre. */
  readonly depthImageStep: number;
}

/** What {@link FrameContent} is made from, beside the frame. */
export interface FrameFacts {
  /** Nanoseconds since 1970, or of the footage where that has no date. */
  readonly time: bigint;
  /** Name of the camera's space. */
  readonly frameId: string;
  /** Steps of the mono16 picture for one unit of depth. */
  readonly stepsPerUnit: number;
  readonly pointStride: number;
  readonly jpegQuality: number;
  /** Where the camera stands. */
  readonly transform: Transform;
  /** What happened at this frame. */
  readonly logs: readonly LogEntry[];
}

/** What there is to say of one frame, before it is put into the words of Foxglove or ROS 2. Made when asked for. */
export class FrameContent {
  readonly facts: FrameFacts;
  readonly #answer: DepthFrame;

  constructor(answer: DepthFrame, facts: FrameFacts) {
    this.#answer = answer;
    this.facts = facts;
  }

  /** The picture as JPEG, chroma halved as cameras do. */
  jpeg(): Promise<Uint8Array> {
    return frameJpeg(this.#answer.frame, this.facts.jpegQuality);
  }

  camera(): CameraIntrinsics | undefined {
    return this.#answer.frame.intrinsics;
  }

  /** Depth in whole steps; 0 = unknown, not positive, or beyond 65 535 steps. */
  depthSteps(): RawPicture {
    const { depth } = this.#answer;
    const { width, height } = depth;
    const steps = depthSteps(depth, this.facts.stepsPerUnit);
    return { width, height, encoding: 'mono16', data: new Uint8Array(steps.buffer) };
  }

  /** Depth as it is, NaN = unknown; the map's own memory. */
  depthFloats(): RawPicture {
    const { width, height, data } = this.#answer.depth;
    return { width, height, encoding: '32FC1', data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  }

  points(): PackedPoints | undefined {
    const cloud = pointCloud(this.#answer, this.facts.pointStride);
    if (!cloud) return undefined;
    const { count, positions, colours } = cloud;
    const floats = new Float32Array(count * 4);
    const data = new Uint8Array(floats.buffer);
    for (let i = 0, p = 0; i < count; i++, p += 3) {
      floats[i * 4] = positions[p]!;
      floats[i * 4 + 1] = positions[p + 1]!;
      floats[i * 4 + 2] = positions[p + 2]!;
      data[i * 16 + 12] = colours[p]!;
      data[i * 16 + 13] = colours[p + 1]!;
      data[i * 16 + 14] = colours[p + 2]!;
      data[i * 16 + 15] = 255;
    }
    return { count, data };
  }

  report(): FrameReport {
    const { frame, depth, estimator, fallbackReason, consistency, latencyMs, inferenceMs } = this.#answer;
    const { time, stepsPerUnit } = this.facts;
    return {
      timestamp: { sec: Number(time / 1_000_000_000n), nsec: Number(time % 1_000_000_000n) },
      index: frame.index,
      mediaTime: frame.timestamp,
      estimator,
      fallbackReason: fallbackReason ?? null,
      score: consistency?.score ?? null,
      flicker: consistency?.flicker ?? null,
      latencyMs,
      inferenceMs,
      kind: depth.kind,
      depthImageStep: 1 / stepsPerUnit,
    };
  }
}

/** JSON Schema (draft 7) of {@link FrameReport}. */
export const FRAME_REPORT_SCHEMA = JSON.stringify({
  title: 'depthcast.FrameReport',
  type: 'object',
  properties: {
    timestamp: {
      type: 'object',
      title: 'time',
      properties: { sec: { type: 'integer', minimum: 0 }, nsec: { type: 'integer', minimum: 0, maximum: 999_999_999 } },
    },
    index: { type: 'integer' },
    mediaTime: { type: 'number' },
    estimator: { type: 'string' },
    fallbackReason: { type: ['string', 'null'] },
    score: { type: ['number', 'null'] },
    flicker: { type: ['number', 'null'] },
    latencyMs: { type: 'number' },
    inferenceMs: { type: 'number' },
    kind: { type: 'string' },
    depthImageStep: { type: 'number' },
  },
});
