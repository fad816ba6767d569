import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../../frames/index.ts';
import { encodeCdr, ros2Text } from '../../../pipeline/foxglove/messages/cdr.ts';
import { ros2Profile } from '../../../pipeline/foxglove/messages/ros2-profile.ts';
import { ROS_CAMERA_INFO, ROS_STRING, ROS_TF } from '../../../pipeline/foxglove/messages/ros2-schemas.ts';
import { StreamContent } from '../../../pipeline/foxglove/messages/stream-content.ts';
import { mcapRos2 } from '../../../pipeline/sinks/mcap.ts';
import { openFootage } from '../../../pipeline/sources/registry.ts';
import { emptyFolder, writeAll } from '../sinks/folder.ts';
import { CAMERA, SIZE, streetAnswers } from './street-answers.ts';

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(3);
});

describe('ROS 2 messages', () => {
  it('are written as rosbags 0.11 writes them, byte by byte', () => {
    const step = {
      header: { stamp: { sec: 1, nanosec: 2 }, frame_id: 'map' },
      child_frame_id: 'street/camera',
      transform: { translation: { x: 1.5, y: -2.5, z: 3.5 }, rotation: { x: -0.5, y: 0.5, z: -0.5, w: 0.5 } },
    };
    expect(Buffer.from(encodeCdr(ROS_TF, { transforms: [step] })).toString('hex')).toBe(
      '00010000010000000100000002000000040000006d6170000e0000007374726565742f63616d657261000000000000000000f83f000000000' +
        '00004c00000000000000c40000000000000e0bf000000000000e03f000000000000e0bf000000000000e03f',
    );
    expect(Buffer.from(encodeCdr(ROS_STRING, { data: 'hi' })).toString('hex')).toBe('0001000003000000686900');
  });

  it('have their schema as text, with all they are made of', () => {
    const text = ros2Text(ROS_CAMERA_INFO);
    expect(text.split('\n').slice(0, 12).join('; ')).toBe(
      'std_msgs/Header header; uint32 height; uint32 width; string distortion_model; float64[] d; float64[9] k; ' +
        'float64[9] r; float64[12] p; uint32 binning_x; uint32 binning_y; sensor_msgs/RegionOfInterest roi; ' +
        '='.repeat(80),
    );
    expect(text.match(/^MSG: .*$/gm)).toEqual([
      'MSG: std_msgs/Header',
      'MSG: builtin_interfaces/Time',
      'MSG: sensor_msgs/RegionOfInterest',
    ]);
  });

  it('make a recording that plays again: pictures, times and camera', async () => {
    const dir = await emptyFolder();
    const identity = { source: 'street.mp4', size: SIZE, networkSize: SIZE, intrinsics: CAMERA };
    await writeAll(mcapRos2, dir, answers, { identity, networkSize: SIZE });
    const source = await openFootage(join(dir, 'street.ros2.mcap'));
    expect(source.info).toMatchObject({ size: SIZE, frameCount: 3, codec: 'jpeg', intrinsics: CAMERA });
    const times: number[] = [];
    for await (const frame of source.frames({ stream: 's', size: SIZE })) times.push(frame.timestamp);
    expect(times).toEqual([0, 0.2, 0.4]);
    expect((await readFile(join(dir, 'street.ros2.mcap'))).toString('latin1', 0, 60)).toContain('ros2');
  });

  it('pack colours as ROS does: blue, green, red', async () => {
    const [payload] = await ros2Profile.encode('points', new StreamContent('s', { pointStride: 8 }).next(answers[0]!));
    const bytes = Buffer.from(payload!);
    // The first known point of the stride, from the end of the message: its data and `is_dense`.
    const { data } = answers[0]!.depth;
    let count = 0;
    let first = -1;
    for (let v = 0; v < SIZE.height; v += 8) {
      for (let u = 0; u < SIZE.width; u += 8) {
        if (!(data[v * SIZE.width + u]! > 0)) continue;
        if (first < 0) first = v * SIZE.width + u;
        count++;
      }
    }
    const start = bytes.length - 1 - count * 16;
    expect(bytes.readFloatLE(start + 8)).toBe(data[first]);
    const [r, g, b] = answers[0]!.frame.pixels.subarray(first * 3, first * 3 + 3);
    expect([...bytes.subarray(start + 12, start + 16)]).toEqual([b, g, r, 0]);
  });
});
