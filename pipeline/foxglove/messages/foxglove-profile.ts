import type { CameraIntrinsics } from '../../../frames/index.ts';
import { fileDescriptorSet } from './file-descriptor.ts';
import {
  CAMERA_CALIBRATION,
  COMPRESSED_IMAGE,
  FLOAT32,
  FRAME_TRANSFORM,
  INFO,
  LOG,
  POINT_CLOUD,
  RAW_IMAGE,
  UINT8,
  WARNING,
} from './foxglove-schemas.ts';
import { FRAME_REPORT_SCHEMA, type FrameContent, type RawPicture } from './frame-content.ts';
import type { MessageSchema, Profile, TopicKind } from './profile.ts';
import { encodeProto, type ProtoMessage } from './protobuf.ts';
import { MAP } from './stream-content.ts';

const utf8 = new TextEncoder();

/** Foxglove's own messages in protobuf, and JSON for the scores: what Foxglove and Lichtblick show without a plugin. */
export const foxgloveProfile: Profile = {
  name: 'foxglove',
  mcapProfile: '',
  paths: {
    image: 'camera/image',
    calibration: 'camera/calibration',
    depth: 'depth/image',
    metres: 'depth/metres',
    points: 'depth/points',
    consistency: 'consistency',
    tf: '/tf',
    log: '/log',
  },
  schemas: {
    image: schemaOf(COMPRESSED_IMAGE),
    calibration: schemaOf(CAMERA_CALIBRATION),
    depth: schemaOf(RAW_IMAGE),
    metres: schemaOf(RAW_IMAGE),
    points: schemaOf(POINT_CLOUD),
    consistency: {
      name: 'depthcast.FrameReport',
      encoding: 'json',
      schemaEncoding: 'jsonschema',
      data: utf8.encode(FRAME_REPORT_SCHEMA),
    },
    tf: schemaOf(FRAME_TRANSFORM),
    log: schemaOf(LOG),
  },
  async encode(kind, content) {
    const message = await messageOf(kind, content);
    return message === undefined ? [] : Array.isArray(message) ? message : [message];
  },
};

async function messageOf(kind: TopicKind, content: FrameContent): Promise<Uint8Array | Uint8Array[] | undefined> {
  const { time, frameId, logs, transform } = content.facts;
  const timestamp = { seconds: time / 1_000_000_000n, nanos: time % 1_000_000_000n };
  const head = { timestamp, frame_id: frameId };
  switch (kind) {
    case 'image':
      return encodeProto(COMPRESSED_IMAGE, { ...head, data: await content.jpeg(), format: 'jpeg' });
    case 'calibration': {
      const camera = content.camera();
      return camera && encodeProto(CAMERA_CALIBRATION, { ...head, ...calibration(camera) });
    }
    case 'depth':
      return encodeProto(RAW_IMAGE, { ...head, ...rawImage(content.depthSteps()) });
    case 'metres':
      return encodeProto(RAW_IMAGE, { ...head, ...rawImage(content.depthFloats()) });
    case 'points': {
      const points = content.points();
      return points && encodeProto(POINT_CLOUD, { ...head, ...POINTS, data: points.data });
    }
    case 'consistency':
      return utf8.encode(JSON.stringify(content.report()));
    case 'tf': {
      const [x, y, z] = transform.translation;
      const [qx, qy, qz, qw] = transform.rotation;
      return encodeProto(FRAME_TRANSFORM, {
        timestamp,
        parent_frame_id: MAP,
        child_frame_id: frameId,
        translation: { x, y, z },
        rotation: { x: qx, y: qy, z: qz, w: qw },
      });
    }
    case 'log':
      return logs.map(({ level, message }) =>
        encodeProto(LOG, { timestamp, level: level === 'info' ? INFO : WARNING, message, name: frameId }),
      );
  }
}

const POINTS = {
  pose: { position: { x: 0, y: 0, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
  point_stride: 16,
  fields: [
    { name: 'x', offset: 0, type: FLOAT32 },
    { name: 'y', offset: 4, type: FLOAT32 },
    { name: 'z', offset: 8, type: FLOAT32 },
    { name: 'red', offset: 12, type: UINT8 },
    { name: 'green', offset: 13, type: UINT8 },
    { name: 'blue', offset: 14, type: UINT8 },
    { name: 'alpha', offset: 15, type: UINT8 },
  ],
};

function schemaOf(message: ProtoMessage): MessageSchema {
  return {
    name: message.name,
    encoding: 'protobuf',
    schemaEncoding: 'protobuf',
    data: fileDescriptorSet(message),
  };
}

function rawImage({ width, height, encoding, data }: RawPicture): Record<string, unknown> {
  return { width, height, encoding, step: data.length / height, data };
}

/** A camera without distortion; pixel centres at whole numbers, as both sides have them. */
function calibration({ width, height, fx, fy, cx, cy }: CameraIntrinsics): Record<string, unknown> {
  return {
    width,
    height,
    distortion_model: '',
    D: [],
    K: [fx, 0, cx, 0, fy, cy, 0, 0, 1],
    R: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    P: [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0],
  };
}
