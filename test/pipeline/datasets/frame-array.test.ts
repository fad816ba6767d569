import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readFrameArray } from '../../../pipeline/datasets/frame-array.ts';
import { npyOf, zipOf } from './zip-writer.ts';

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'depthcast-array-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const place = path.join(folder, name);
  await writeFile(place, bytes);
  return place;
}

const array = npyOf([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

describe('an array of all frames', () => {
  it.each([
    ['all.npy', array],
    ['all.npy', npyOf([2, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
    ['savez.npz', zipOf([{ name: 'arr_0.npy', bytes: array }])],
    ['savez_compressed.npz', zipOf([{ name: 'data.npy', bytes: array, deflate: true }])],
    ['own-name.npz', zipOf([{ name: 'disps.npy', bytes: array, deflate: true }])],
    [
      'two.npz',
      zipOf([
        { name: 'x.npy', bytes: Buffer.alloc(9) },
        { name: 'data.npy', bytes: array },
      ]),
    ],
  ])('is read from %s, a plane a frame', async (name, bytes) => {
    const found = await readFrameArray(await file(name, bytes));
    expect(found).toMatchObject({ frames: 2, height: 2, width: 3 });
    expect([...(await found.plane(1))]).toEqual([7, 8, 9, 10, 11, 12]);
    expect([...(await found.plane(0))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each([
    ['no archive', 'a.npz', Buffer.from('nothing of the kind'), 'input-format'],
    ['cut off', 'a.npz', zipOf([{ name: 'data.npy', bytes: array }]).subarray(0, 60), 'input-format'],
    ['two unknown names', 'a.npz', zipOf(['a', 'b'].map((n) => ({ name: `${n}.npy`, bytes: array }))), 'input-format'],
    ['no array', 'a.npz', zipOf([{ name: 'read.me', bytes: array }]), 'input-format'],
    ['objects', 'a.npz', zipOf([{ name: 'data.npy', bytes: npyOf([2, 2, 3], [], '|O') }]), 'input-format'],
    ['one picture', 'a.npy', npyOf([2, 3], [1, 2, 3, 4, 5, 6]), 'input-format'],
    ['too short', 'a.npy', array.subarray(0, -4), 'input-format'],
    ['packed damaged', 'a.npz', damaged(), 'input-format'],
    [
      'more unpacked than it says',
      'a.npz',
      zipOf([{ name: 'data.npy', bytes: array, deflate: true, claims: 100 }]),
      'input-format',
    ],
    ['leads out by ..', 'a.npz', zipOf([{ name: '../data.npy', bytes: array }]), 'input-refused'],
    ['leads out inside', 'a.npz', zipOf([{ name: 'a/../../data.npy', bytes: array }]), 'input-refused'],
    ['is absolute', 'a.npz', zipOf([{ name: '/data.npy', bytes: array }]), 'input-refused'],
    ['has a drive', 'a.npz', zipOf([{ name: 'C:data.npy', bytes: array }]), 'input-refused'],
    ['has backslashes', 'a.npz', zipOf([{ name: '..\\data.npy', bytes: array }]), 'input-refused'],
    [
      'has a link beside',
      'a.npz',
      zipOf([
        { name: 'data.npy', bytes: array },
        { name: 'x', bytes: Buffer.from('/etc/passwd'), mode: 0o120777 },
      ]),
      'input-refused',
    ],
  ])('is refused where it is or has: %s', async (_, name, bytes, code) => {
    await expect(readFrameArray(await file(name, bytes))).rejects.toMatchObject({ code });
  });
});

function damaged(): Buffer {
  const zip = zipOf([{ name: 'data.npy', bytes: array, deflate: true }]);
  zip.fill(0xff, 45, 60);
  return zip;
}
