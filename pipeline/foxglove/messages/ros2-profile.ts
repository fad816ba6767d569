import { type CdrMessage, encodeCdr, ros2Text } from './cdr.ts';
import type { FrameContent, PackedPoints, RawPicture } from './frame-content.ts';
import type { MessageSchema, Profile, TopicKind } from './profile.ts';
import {
  ROS_CAMERA_INFO,
  ROS_COMPRESSED_IMAGE,
  ROS_IMAGE,
  ROS_LOG,
  ROS_POINT_CLOUD,
  ROS_STRING,
  ROS_TF,
} from './ros2-schemas.ts';
import { MAP } from './stream-content.ts';

/** PointField.FLOAT32 of sensor_msgs, and Log.INFO and Log.WARN of rcl_interfaces. */
const FLOAT32 = 7;
const LEVELS = { info: 20, warning: 30 } as const;

const utf8 = new TextEncoder();

/**
 * sensor_msgs, tf2_msgs and their like in CDR, as `ros2 bag` writes MCAP. Depth is `mono16` as `16UC1` and float as
 * `32FC1` (REP 118: zero and NaN are unknown); the scores are JSON in a std_msgs/String.
 */
export const ros2Profile: Profile = {
  name: 'ros2',
  mcapProfile: 'ros2',
  paths: {
    image: 'camera/image/compressed',
    calibration: 'camera/camera_info',
    depth: 'depth/image',
    metres: 'depth/metres',
    points: 'depth/points',
    consistency: 'consistency',
    tf: '/tf',
    log: '/rosout',
  },
  schemas: {
    image: schemaOf(ROS_COMPRESSED_IMAGE),
    calibration: schemaOf(ROS_CAMERA_INFO),
    depth: schemaOf(ROS_IMAGE),
    metres: schemaOf(ROS_IMAGE),
    points: schemaOf(ROS_POINT_CLOUD),
    consistency: schemaOf(ROS_STRING),
    tf: schemaOf(ROS_TF),
    log: schemaOf(ROS_LOG),
  },
  async encode(kind, content) {
    const message = await messageOf(kind, content);
    return message === undefined ? [] : Array.isArray(message) ? message : [message];
  },
};

async function messageOf(kind: TopicKind, content: FrameContent): Promise<Uint8Array | Uint8Array[] | undefined> {
  const { time, frameId, logs, transform } = content.facts;
  const stamp = { sec: time / 1_000_000_000n, nanosec: time % 1_000_000_000n };
  const header = { stamp, frame_id: frameId };
  switch (kind) {
    case 'image':
      return encodeCdr(ROS_COMPRESSED_IMAGE, { header, format: 'jpeg', data: await content.jpeg() });
    case 'calibration': {
      const camera = content.camera();
      if (!camera) return undefined;
      const { width, height, fx, fy, cx, cy } = camera;
      return encodeCdr(ROS_CAMERA_INFO, {
        header,
        height,
        width,
        distortion_model: 'plumb_bob',
        d: [0, 0, 0, 0, 0],
        k: [fx, 0, cx, 0, fy, cy, 0, 0, 1],
        r: [1, 0, 0, 0, 1, 0, 0, 0, 1],
        p: [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0],
        binning_x: 0,
        binning_y: 0,
        roi: { x_offset: 0, y_offset: 0, height: 0, width: 0, do_rectify: false },
      });
    }
    case 'depth':
      return encodeCdr(ROS_IMAGE, { header, ...image(content.depthSteps(), '16UC1') });
    case 'metres':
      return encodeCdr(ROS_IMAGE, { header, ...image(content.depthFloats(), '32FC1') });
    case 'points': {
      const points = content.points();
      return points && encodeCdr(ROS_POINT_CLOUD, { header, ...cloud(points) });
    }
    case 'consistency':
      return encodeCdr(ROS_STRING, { data: JSON.stringify(content.report()) });
    case 'tf': {
      const [x, y, z] = transform.translation;
      const [qx, qy, qz, qw] = transform.rotation;
      const placed = { translation: { x, y, z }, rotation: { x: qx, y: qy, z: qz, w: qw } };
      const step = { header: { stamp, frame_id: MAP }, child_frame_id: frameId, transform: placed };
      return encodeCdr(ROS_TF, { transforms: [step] });
    }
    case 'log':
      return logs.map(({ level, message: msg }) =>
        encodeCdr(ROS_LOG, { stamp, level: LEVELS[level], name: frameId, msg, file: '', function: '', line: 0 }),
      );
  }
}

function schemaOf(message: CdrMessage): MessageSchema {
  return {
    name: message.name,
    encoding: 'cdr',
    schemaEncoding: 'ros2msg',
    data: utf8.encode(ros2Text(message)),
  };
}

function image({ width, height, data }: RawPicture, encoding: string): Record<string, unknown> {
  return { height, width, encoding, is_bigendian: 0, step: data.length / height, data };
}

function cloud({ count, data }: PackedPoints): Record<string, unknown> {
  // ROS packs colours into a float as 0x00rrggbb, so the bytes lie the other way round.
  const bytes = data.slice();
  for (let i = 12; i < bytes.length; i += 16) {
    bytes[i] = data[i + 2]!;
    bytes[i + 2] = data[i]!;
    bytes[i + 3] = 0;
  }
  const field = (name: string, offset: number) => ({ name, offset, datatype: FLOAT32, count: 1 });
  return {
    height: 1,
    width: count,
    fields: [field('x', 0), field('y', 4), field('z', 8), field('rgb', 12)],
    is_bigendian: false,
    point_step: 16,
    row_step: data.length,
    data: bytes,
    is_dense: true,
  };
}
