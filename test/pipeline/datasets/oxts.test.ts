import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type OxtsPacket, readOxts, readOxtsByNumber, worldFromImu } from '../../../pipeline/datasets/oxts.ts';
import { compose, invert, rotationError } from '../../../pipeline/datasets/rigid-transform.ts';

const example = fileURLToPath(new URL('../../../../shared/data/kitti_raw/oxts_example/data', import.meta.url));
const there = existsSync(example);
if (!there) console.warn('skipped: the OXTS packets of KITTI raw are not there');

const still: OxtsPacket = { latitude: 49, longitude: 8.4, altitude: 110, roll: 0, pitch: 0, yaw: 0 };

async function packets(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'depthcast-oxts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return folder;
}

describe('poses from OXTS packets', () => {
  it('begin at the origin, with axes east, north, up', () => {
    const [first, second, third] = worldFromImu([
      still,
      { ...still, latitude: 49 + 1e-5, altitude: 111 },
      { ...still, longitude: 8.4 + 1e-5 },
    ]);
    expect(first).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    // One degree of latitude is 2πR/360 metres; a Mercator map is true to scale at the first packet's latitude.
    const metre = (2 * Math.PI * 6_378_137 * 1e-5) / 360;
    expect(second![7]).toBeCloseTo(metre, 5);
    expect(second![11]).toBeCloseTo(1, 9);
    expect(third![3]).toBeCloseTo(metre * Math.cos((49 * Math.PI) / 180), 5);
  });

  it('turn anticlockwise from east by yaw', () => {
    const pose = worldFromImu([{ ...still, yaw: Math.PI / 2 }])[0]!;
    // Forward of the IMU is its x axis; it then points north.
    expect([pose[0], pose[4], pose[8]].map((v) => Math.round(v! * 1e9) / 1e9)).toEqual([0, 1, 0]);
  });

  it.each([
    ['1 2 3', /3 numbers, not 30/],
    [Array(30).fill('91').join(' '), /not on the map/],
    ['', /0 lines/],
  ])('are refused where a packet is %j', async (text, message) => {
    const folder = await packets({ '0000000000.txt': text });
    await expect(readOxts(folder)).rejects.toMatchObject({
      code: 'calibration-invalid',
      message: expect.stringMatching(message) as string,
    });
  });

  it('are joined by number: a missing packet shifts nothing', async () => {
    const packet = (roll: number): string => [49, 8.4, 110, roll, ...Array(26).fill(0)].join(' ');
    const folder = await packets({ '0000000003.txt': packet(0.3), '0000000001.txt': packet(0.1) });
    const found = await readOxtsByNumber(folder);
    expect([...found!].map(([number, { roll }]) => [number, roll])).toEqual([
      [1, 0.1],
      [3, 0.3],
    ]);
    expect(await readOxtsByNumber(path.join(folder, 'none'))).toBeUndefined();
  });

  it.skipIf(!there)('of a real drive move as fast as its own speed says', async () => {
    const packets = await readOxts(example);
    const poses = worldFromImu(packets);
    expect(poses).toHaveLength(61);
    for (let i = 1; i < poses.length; i++) {
      const step = compose(invert(poses[i - 1]!), poses[i]!);
      expect(rotationError(step)).toBeLessThan(1e-9);
      // Packets are about 0.1 s apart and no car drives 40 m/s there.
      expect(Math.hypot(step[3]!, step[7]!, step[11]!)).toBeLessThan(4);
    }
  });
});

describe('rigid transforms', () => {
  it('undo themselves', () => {
    const pose = worldFromImu([{ ...still, roll: 0.1, pitch: -0.2, yaw: 2 }])[0]!.map((v, i) => (i % 4 === 3 ? i : v));
    const nothing = compose(invert(pose), pose).map((value) => Math.round(value * 1e12) / 1e12 + 0);
    expect(nothing).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
  });
});
