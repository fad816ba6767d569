import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSplitList } from '../../../pipeline/datasets/split-list.ts';

async function list(text: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'depthcast-split-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'split.txt');
  await writeFile(file, text);
  return file;
}

const drive = '2011_09_26_drive_0002_sync';
const picture = `2011_09_26/${drive}/image_02/data/0000000069.png`;
const depth = `${drive}/proj_depth/groundtruth/image_02/0000000069.png`;
const frame = { day: '2011_09_26', drive, number: 69, camera: '02', position: 0 };

describe('a split of KITTI raw', () => {
  it.each([
    ['Monodepth2, eigen', `2011_09_26/${drive} 0000000069 l`, 'unsaid'],
    ['Monodepth2, eigen_benchmark', `2011_09_26/${drive} 69 l`, 'unsaid'],
    ['BTS and ZoeDepth', `${picture} ${depth} 721.5377`, 'annotated'],
    ['BTS and ZoeDepth without depth', `${picture} None 721.5377`, 'none'],
    ['GLPDepth', `/raw_data/${picture} /data_depth_annotated/val/${depth}`, 'annotated'],
  ])('is read in the form of %s', async (_, line, truth) => {
    expect(await readSplitList(await list(`${line}\n`))).toEqual([{ ...frame, truth }]);
  });

  it('keeps the order of its lines, since predictions of other code are in it', async () => {
    const found = await readSplitList(await list(`2011_09_26/${drive} 69 l\n2011_09_26/${drive} 54 r\r\n`));
    expect(found.map(({ number, camera, position }) => [number, camera, position])).toEqual([
      [69, '02', 0],
      [54, '03', 1],
    ]);
  });

  it.each([
    ['', /names no frames/],
    [`2011_09_26/${drive} 69`, /Line 1 .* none of the three forms/],
    [`2011_09_26/${drive} 69 x`, /none of the three forms/],
    [`2011_09_26/${drive} -1 l`, /none of the three forms/],
    [`2011_09_26/${drive} 69 l\n\n2011_09_26/${drive} 70 l`, /Line 2/],
    [`2011_09_26/../../etc 69 l`, /none of the three forms/],
    [`2011_09_28/${drive} 69 l`, /no drive of its day/],
    [`2011_09_26/${drive} 69 l\n2011_09_26/${drive} 0069 l`, /Line 2 .* line 1 a second time/],
    [`${picture} ${depth.replace('69', '70')} 721.5`, /depth of another frame/],
    [`${picture} ${depth} far`, /none of the three forms/],
    [`${picture} ${depth} 721.5 more`, /none of the three forms/],
  ])('is refused where %j', async (text, message) => {
    await expect(readSplitList(await list(text))).rejects.toMatchObject({
      code: 'input-format',
      message: expect.stringMatching(message) as string,
    });
  });
});
