import * as official from '@foxglove/schemas/jsonschema.js';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../../frames/index.ts';
import { foxgloveProfile } from '../../../pipeline/foxglove/messages/foxglove-profile.ts';
import type { FrameContent } from '../../../pipeline/foxglove/messages/frame-content.ts';
import { TOPIC_KINDS, type TopicKind, topicName } from '../../../pipeline/foxglove/messages/profile.ts';
import { type ContentOptions, StreamContent } from '../../../pipeline/foxglove/messages/stream-content.ts';
import { type Decoded, decodeBySchema } from './reading.ts';
import { CAMERA, SIZE, streetAnswers } from './street-answers.ts';

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(2);
});

function contentOf(answer: DepthFrame, options: ContentOptions = {}): FrameContent {
  return new StreamContent('street', options).next(answer);
}

async function decoded(kind: TopicKind, content: FrameContent): Promise<Decoded> {
  const [payload] = await foxgloveProfile.encode(kind, content);
  const { name, data } = foxgloveProfile.schemas[kind];
  return decodeBySchema(data, name, payload!);
}

const PROTOBUF = TOPIC_KINDS.filter((kind) => foxgloveProfile.schemas[kind].encoding === 'protobuf');

describe('Foxglove messages', () => {
  it.each(PROTOBUF)('%s has every field that Foxglove documents for its schema, and no other', async (kind) => {
    const message = await decoded(kind, contentOf(answers[1]!));
    const { name } = foxgloveProfile.schemas[kind];
    const schema = (official as unknown as Record<string, { properties: Record<string, unknown> }>)[
      name.split('.')[1]!
    ]!;
    expect(Object.keys(message).sort()).toEqual(Object.keys(schema.properties).sort());
  });

  it('shows the picture as JPEG, close to the original', async () => {
    const message = await decoded('image', contentOf(answers[0]!));
    expect(message).toMatchObject({ format: 'jpeg', frame_id: 'street/camera', timestamp: { seconds: 0, nanos: 0 } });
    const { data, info } = await sharp(message['data'] as Uint8Array)
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ ...SIZE, channels: 3 });
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += Math.abs(data[i]! - answers[0]!.frame.pixels[i]!);
    expect(sum / data.length).toBeLessThan(8);
  });

  it('gives depth in millimetres as mono16, 0 where it is unknown or beyond 65.5 m', async () => {
    const { depth } = answers[0]!;
    const message = await decoded('depth', contentOf(answers[0]!));
    expect(message).toMatchObject({ ...SIZE, encoding: 'mono16', step: 1280, frame_id: 'street/camera' });
    const bytes = message['data'] as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let beyond = 0;
    let wrong = 0;
    for (let i = 0; i < depth.data.length; i++) {
      const metres = depth.data[i]!;
      const steps = view.getUint16(i * 2, true);
      const wanted = Number.isNaN(metres) || metres > 65.5354 ? 0 : metres * 1000;
      if (Math.abs(steps - wanted) > 0.5001) wrong++;
      if (metres > 65.536) beyond++;
    }
    expect(wrong).toBe(0);
    expect(beyond).toBeGreaterThan(100);
  });

  it('reaches 80 m and more with coarser steps', async () => {
    const message = await decoded('depth', contentOf(answers[0]!, { millimetresPerStep: 2 }));
    const bytes = message['data'] as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const far = answers[0]!.depth.data.findIndex((metres) => metres > 70);
    expect(Math.abs(view.getUint16(far * 2, true) * 2 - answers[0]!.depth.data[far]! * 1000)).toBeLessThanOrEqual(1.01);
    expect(contentOf(answers[0]!, { millimetresPerStep: 2 }).report().depthImageStep).toBe(0.002);
  });

  it('gives depth in metres as 32FC1, bit by bit, NaN kept', async () => {
    const { depth } = answers[0]!;
    const message = await decoded('metres', contentOf(answers[0]!));
    expect(message).toMatchObject({ ...SIZE, encoding: '32FC1', step: 2560 });
    const original = Buffer.from(depth.data.buffer, depth.data.byteOffset, depth.data.byteLength);
    expect(Buffer.compare(Buffer.from(message['data'] as Uint8Array), original)).toBe(0);
  });

  it('puts every point onto the pixel it came from, with its colour', async () => {
    const answer = answers[1]!;
    const message = await decoded('points', contentOf(answer, { pointStride: 4 }));
    const stride = message['point_stride'] as number;
    const fields = message['fields'] as { name: string; offset: number; type: number }[];
    expect(fields.map(({ name, type }) => `${name}:${type}`).join(' ')).toBe(
      'x:7 y:7 z:7 red:1 green:1 blue:1 alpha:1',
    );
    const bytes = message['data'] as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let known = 0;
    let wrong = 0;
    for (let v = 0; v < SIZE.height; v += 4) {
      for (let u = 0; u < SIZE.width; u += 4) {
        const z = answer.depth.data[v * SIZE.width + u]!;
        if (Number.isNaN(z)) continue;
        const at = known++ * stride;
        const [x, y, depth] = [0, 4, 8].map((offset) => view.getFloat32(at + offset, true)) as [number, number, number];
        const backU = (x / depth) * CAMERA.fx + CAMERA.cx;
        const backV = (y / depth) * CAMERA.fy + CAMERA.cy;
        if (depth !== z || Math.abs(backU - u) > 1e-3 || Math.abs(backV - v) > 1e-3) wrong++;
        const pixel = answer.frame.pixels.subarray((v * SIZE.width + u) * 3, (v * SIZE.width + u) * 3 + 3);
        if ([...pixel, 255].some((value, i) => value !== bytes[at + 12 + i])) wrong++;
      }
    }
    expect(wrong).toBe(0);
    expect(bytes.length).toBe(known * stride);
    expect(known).toBeGreaterThan(5000);
  });

  it('states the camera as K, R and P', async () => {
    const message = await decoded('calibration', contentOf(answers[0]!));
    expect(message).toMatchObject({
      ...SIZE,
      K: [371, 0, 319.5, 0, 371, 95.5, 0, 0, 1],
      R: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      P: [371, 0, 319.5, 0, 0, 371, 95.5, 0, 0, 0, 1, 0],
      D: [],
    });
  });

  it('has no points and no calibration without a camera, and says so in the log', async () => {
    const { intrinsics: _, ...frame } = answers[0]!.frame;
    const content = contentOf({ ...answers[0]!, frame });
    expect(await foxgloveProfile.encode('points', content)).toEqual([]);
    expect(await foxgloveProfile.encode('calibration', content)).toEqual([]);
    expect(content.facts.logs.map((entry) => entry.message).join()).toContain('--intrinsics');
  });

  it('has no points of inverse depth, and steps that fill a quarter of 16 bits', async () => {
    const data = answers[0]!.depth.data.map((metres) => 1 / metres);
    const content = contentOf({ ...answers[0]!, depth: { ...SIZE, kind: 'inverse', data } });
    expect(await foxgloveProfile.encode('points', content)).toEqual([]);
    const most = data.reduce((sum, value) => (value > sum ? value : sum), 0);
    expect(most * content.facts.stepsPerUnit).toBeGreaterThan(8191);
    expect(most * content.facts.stepsPerUnit).toBeLessThanOrEqual(16_384);
  });

  it('stands the first camera upright in a map whose z is up: ahead is x, left is y', async () => {
    const message = await decoded('tf', contentOf(answers[0]!));
    expect(message).toMatchObject({ parent_frame_id: 'map', child_frame_id: 'street/camera' });
    expect(rotated(message, [0, 0, 1])).toEqual([1, 0, 0]);
    expect(rotated(message, [1, 0, 0])).toEqual([0, -1, 0]);
    expect(rotated(message, [0, 1, 0])).toEqual([0, 0, -1]);
  });

  it('moves the camera by its pose', async () => {
    const stream = new StreamContent('street', {});
    stream.next(answers[0]!);
    const message = await decoded('tf', stream.next(answers[1]!));
    const m = answers[1]!.frame.pose!.worldFromCamera;
    expect(message['translation']).toEqual({ x: m[11], y: -m[3]!, z: -m[7]! });
    // Where the camera looks, from the pose: its third column.
    const [x, y, z] = rotated(message, [0, 0, 1]);
    expect([x, y, z].map((each) => each.toFixed(5))).toEqual([m[10]!, -m[2]!, -m[6]!].map((each) => each.toFixed(5)));
  });

  it('leaves a world alone whose z is up already', async () => {
    const east = { worldFromCamera: [0, 0, 1, 5, -1, 0, 0, 6, 0, -1, 0, 7] };
    const answer = { ...answers[0]!, frame: { ...answers[0]!.frame, pose: east } };
    const message = await decoded('tf', contentOf(answer));
    expect(message['translation']).toEqual({ x: 5, y: 6, z: 7 });
    expect(rotated(message, [0, 0, 1])).toEqual([1, 0, 0]);
  });

  it('says the scores of a frame in JSON', async () => {
    const [payload] = await foxgloveProfile.encode('consistency', contentOf(answers[1]!));
    expect(JSON.parse(Buffer.from(payload!).toString())).toEqual({
      timestamp: { sec: 0, nsec: 200_000_000 },
      index: 1,
      mediaTime: 0.2,
      estimator: 'the-truth',
      fallbackReason: null,
      score: 0.97,
      flicker: -0.5,
      latencyMs: 12.5,
      inferenceMs: 7.25,
      kind: 'metric',
      depthImageStep: 0.001,
    });
  });

  it('logs what changes and nothing else', () => {
    const stream = new StreamContent('street', {});
    const lines = (answer: DepthFrame): string[] => stream.next(answer).facts.logs.map((entry) => entry.message);
    expect(lines(answers[0]!)).toEqual(['640x192 depth, metres', 'the-truth answers']);
    expect(lines(answers[1]!)).toEqual([]);
    expect(lines({ ...answers[1]!, estimator: 'single', fallbackReason: 'scene-cut' })).toEqual([
      'single answers (scene-cut)',
    ]);
    expect(lines(answers[1]!)).toEqual(['the-truth answers']);
  });

  it('takes the time of the wall clock where it is asked to', () => {
    const frame = { ...answers[0]!.frame, capturedAt: 1_700_000_000_123.5 };
    const { time } = contentOf({ ...answers[0]!, frame }, { clock: 'wall' }).facts;
    expect(time).toBe(1_700_000_000_123_500_000n);
    const arrived = contentOf(answers[0]!, { clock: 'wall' }).facts.time;
    expect(Math.abs(Number(arrived / 1_000_000n) - Date.now())).toBeLessThan(600_000);
  });

  it('never lets the wall clock run backwards', () => {
    const stream = new StreamContent('street', { clock: 'wall' });
    const at = (capturedAt: number): bigint =>
      stream.next({ ...answers[0]!, frame: { ...answers[0]!.frame, capturedAt } }).facts.time;
    expect([at(2000), at(1999), at(2100)]).toEqual([2_000_000_000n, 2_000_001_000n, 2_100_000_000n]);
  });

  it('names topics by stream, and shares /tf and /log', () => {
    expect(TOPIC_KINDS.map((kind) => topicName(foxgloveProfile, 'yard', kind))).toEqual([
      '/yard/camera/image',
      '/yard/camera/calibration',
      '/yard/depth/image',
      '/yard/depth/metres',
      '/yard/depth/points',
      '/yard/consistency',
      '/tf',
      '/log',
    ]);
  });

  it.each([{ millimetresPerStep: 0 }, { millimetresPerStep: Number.NaN }, { pointStride: 1.5 }, { jpegQuality: 101 }])(
    'refuses %j',
    (options) => {
      expect(() => new StreamContent('street', options)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
    },
  );
});

/** A direction of the camera in the map, by the quaternion of a FrameTransform. */
function rotated(message: Decoded, [a, b, c]: readonly [number, number, number]): [number, number, number] {
  const { x, y, z, w } = message['rotation'] as { x: number; y: number; z: number; w: number };
  const round = (value: number): number => Math.round(value * 1e12) / 1e12 + 0;
  return [
    round((1 - 2 * (y * y + z * z)) * a + 2 * (x * y - z * w) * b + 2 * (x * z + y * w) * c),
    round(2 * (x * y + z * w) * a + (1 - 2 * (x * x + z * z)) * b + 2 * (y * z - x * w) * c),
    round(2 * (x * z - y * w) * a + 2 * (y * z + x * w) * b + (1 - 2 * (x * x + y * y)) * c),
  ];
}
