import type { DepthFrame } from '../../frames/index.ts';
import type { PointCloud } from '../../frames/point-cloud.ts';
import { cloudSink } from './cloud/cloud-sink.ts';

/** Bytes of a point: three float32 and three colours. */
const POINT = 15;

/**
 * `DIR/ply/NAME.ply`: the points of each frame, binary little-endian, x, y, z as float and red, green, blue as uchar;
 * one for each pixel of the network's picture whose depth is known.
 *
 * Axes are the camera's: x right, y down, z forward, in metres (in units of their own for `relative` depth, as the
 * comment says). Where the camera's pose is known a comment states it, row-major 3×4, to put clouds together with.
 */
export const ply = cloudSink({
  name: 'ply',
  axes: 'x right, y down, z forward',
  encode: (cloud, answer) => encodePly(cloud, commentsOf(answer)),
});

/** A cloud as a PLY file (G. Turk, "The PLY Polygon File Format", 1994). Comments are single lines. */
export function encodePly({ count, positions, colours }: PointCloud, comments: readonly string[] = []): Uint8Array {
  const head = [
    'ply',
    'format binary_little_endian 1.0',
    ...comments.map((comment) => `comment ${comment}`),
    `element vertex ${count}`,
    ...['x', 'y', 'z'].map((name) => `property float ${name}`),
    ...['red', 'green', 'blue'].map((name) => `property uchar ${name}`),
    'end_header\n',
  ].join('\n');
  const start = Buffer.byteLength(head);
  const bytes = new Uint8Array(start + count * POINT);
  bytes.set(Buffer.from(head));
  // Points are not aligned to four bytes, so their coordinates are copied byte by byte.
  const floats = new Uint8Array(positions.buffer, positions.byteOffset, positions.byteLength);
  for (let i = 0, o = start, p = 0, c = 0; i < count; i++, c += 3) {
    for (let k = 0; k < 12; k++) bytes[o++] = floats[p++]!;
    bytes[o++] = colours[c]!;
    bytes[o++] = colours[c + 1]!;
    bytes[o++] = colours[c + 2]!;
  }
  return bytes;
}

function commentsOf({ frame, depth, estimator }: DepthFrame): string[] {
  const unit = depth.kind === 'metric' ? 'metres' : 'arbitrary';
  return [
    `depthcast frame ${frame.index} time ${frame.timestamp} by ${estimator}`,
    `axes x right, y down, z forward; unit ${unit}`,
    ...(frame.pose ? [`worldFromCamera ${frame.pose.worldFromCamera.join(' ')}`] : []),
  ];
}
