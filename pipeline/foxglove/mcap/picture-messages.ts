import type { CameraIntrinsics } from '../../../frames/index.ts';
import { CdrReader } from './cdr-reader.ts';
import { bytesOf, doublesOf, readProto, textOf, wholeOf } from './read-protobuf.ts';

/** A picture out of a message. */
export interface PictureMessage {
  /** Nanoseconds of its own clock; 0 where it states none. */
  readonly time: bigint;
  /** JPEG, PNG or WebP with its file head, or raw pixels. */
  readonly content:
    | { readonly kind: 'file'; readonly bytes: Uint8Array }
    | {
        readonly kind: 'raw';
        readonly width: number;
        readonly height: number;
        readonly step: number;
        readonly order: 'rgb' | 'bgr' | 'grey';
        readonly bytes: Uint8Array;
      };
}

/** How messages of a schema are read; a reader throws where a message makes no sense. */
interface Readers<T> {
  readonly [schema: string]: (bytes: Uint8Array) => T;
}

/** Pictures by the schema's name, without the `msg/` of ROS 2. */
export const PICTURES: Readers<PictureMessage> = {
  'foxglove.CompressedImage'(bytes) {
    const fields = readProto(bytes);
    return { time: protoTime(bytesOf(fields, 1)), content: { kind: 'file', bytes: bytesOf(fields, 2) } };
  },
  'foxglove.RawImage'(bytes) {
    const fields = readProto(bytes);
    const [width, height, step] = [2, 3, 5].map((number) => wholeOf(fields, number)) as [number, number, number];
    const order = orderOf(textOf(fields, 4));
    return {
      time: protoTime(bytesOf(fields, 1)),
      content: { kind: 'raw', width, height, step, order, bytes: bytesOf(fields, 6) },
    };
  },
  'sensor_msgs/CompressedImage'(bytes) {
    const cdr = new CdrReader(bytes);
    const time = cdrTime(cdr);
    cdr.text();
    cdr.text();
    return { time, content: { kind: 'file', bytes: cdr.bytes() } };
  },
  'sensor_msgs/Image'(bytes) {
    const cdr = new CdrReader(bytes);
    const time = cdrTime(cdr);
    cdr.text();
    const height = cdr.uint32();
    const width = cdr.uint32();
    const order = orderOf(cdr.text());
    cdr.uint8();
    const step = cdr.uint32();
    return { time, content: { kind: 'raw', width, height, step, order, bytes: cdr.bytes() } };
  },
};

/** Cameras by the schema's name; `undefined` for one that is not calibrated. */
export const CAMERAS: Readers<CameraIntrinsics | undefined> = {
  'foxglove.CameraCalibration'(bytes) {
    const fields = readProto(bytes);
    return cameraOf(wholeOf(fields, 2), wholeOf(fields, 3), doublesOf(fields, 6));
  },
  'sensor_msgs/CameraInfo'(bytes) {
    const cdr = new CdrReader(bytes);
    cdrTime(cdr);
    cdr.text();
    const height = cdr.uint32();
    const width = cdr.uint32();
    cdr.text();
    cdr.float64s(cdr.uint32());
    return cameraOf(width, height, cdr.float64s(9));
  },
};

/** `sensor_msgs/msg/Image` and `sensor_msgs/Image` are the same. */
export function plainSchemaName(name: string): string {
  return name.replace('/msg/', '/');
}

function cameraOf(width: number, height: number, k: readonly number[]): CameraIntrinsics | undefined {
  const [fx, , cx, , fy, cy] = [k[0], k[1], k[2], k[3], k[4], k[5]];
  if (!fx || !fy || cx === undefined || cy === undefined || width === 0 || height === 0) return undefined;
  return { width, height, fx, fy, cx, cy };
}

function orderOf(encoding: string): 'rgb' | 'bgr' | 'grey' {
  if (encoding === 'rgb8') return 'rgb';
  if (encoding === 'bgr8' || encoding === '8UC3') return 'bgr';
  if (encoding === 'mono8' || encoding === '8UC1') return 'grey';
  throw new Error(`its pixels are "${encoding}", which is none of rgb8, bgr8 and mono8`);
}

function protoTime(bytes: Uint8Array): bigint {
  const fields = readProto(bytes);
  return BigInt(wholeOf(fields, 1)) * 1_000_000_000n + BigInt(wholeOf(fields, 2));
}

function cdrTime(cdr: CdrReader): bigint {
  return BigInt(cdr.int32()) * 1_000_000_000n + BigInt(cdr.uint32());
}
