import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { csv, spread } from '../../../pipeline/sinks/csv.ts';
import { depthFrame } from './depth-frames.ts';
import { emptyFolder, writeAll } from './folder.ts';

describe('csv', () => {
  it('writes a header and a row a frame', async () => {
    const dir = await emptyFolder();
    const scored = {
      ...depthFrame(1),
      consistency: { score: 0.98765, flicker: -1.5 },
      fallbackReason: 'scene-cut',
    } as const;
    await writeAll(csv, dir, [depthFrame(0), scored]);
    const rows = (await readFile(join(dir, 'frames.csv'), 'utf8')).split('\n');
    expect(rows[0]).toBe(
      'name,index,timestamp,estimator,fallback_reason,latency_ms,inference_ms,consistency,flicker_percent,min_depth,median_depth,max_depth',
    );
    expect(rows[1]).toBe('000000,0,0.000000,test-model,,12.35,6.79,,,2.250,21.750,41.250');
    expect(rows[2]).toBe('000001,1,0.100000,test-model,scene-cut,12.35,6.79,0.9877,-1.500,3.250,22.750,42.250');
    expect(rows.slice(3)).toEqual(['']);
  });

  it('cuts off a half-written last row and goes on behind it', async () => {
    const dir = await emptyFolder();
    await writeAll(csv, dir, [depthFrame(0), depthFrame(1)]);
    const whole = await readFile(join(dir, 'frames.csv'), 'utf8');
    await appendFile(join(dir, 'frames.csv'), '000002,2,0.2000');
    expect(await csv.finished(dir)).toBe(2);
    await writeAll(csv, dir, [depthFrame(2)]);
    const after = await readFile(join(dir, 'frames.csv'), 'utf8');
    expect(after.startsWith(whole)).toBe(true);
    expect(after.split('\n').map((row) => row.slice(0, 6))).toEqual(['name,i', '000000', '000001', '000002', '']);
  });

  it('drops rows that are to be done anew', async () => {
    const dir = await emptyFolder();
    await writeAll(
      csv,
      dir,
      [0, 1, 2, 3].map((index) => depthFrame(index)),
    );
    await writeAll(
      csv,
      dir,
      [2, 3, 4].map((index) => depthFrame(index)),
    );
    const rows = (await readFile(join(dir, 'frames.csv'), 'utf8')).split('\n').slice(1, -1);
    expect(rows.map((row) => row.split(',')[1])).toEqual(['0', '1', '2', '3', '4']);
  });

  it('quotes a name that holds a comma', async () => {
    const dir = await emptyFolder();
    await writeAll(csv, dir, [depthFrame(0, undefined, { name: 'a,"b"' })]);
    expect((await readFile(join(dir, 'frames.csv'), 'utf8')).split('\n')[1]).toMatch(/^"a,""b""",0,/);
  });

  it('leaves a table of other columns alone', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'frames.csv'), 'mine,not,yours\n1,2,3\n');
    await expect(writeAll(csv, dir, [depthFrame(0)])).rejects.toMatchObject({ code: 'output-exists' });
    expect(await readFile(join(dir, 'frames.csv'), 'utf8')).toBe('mine,not,yours\n1,2,3\n');
  });

  it('finds the middle value as sorting would', () => {
    let seed = 7;
    const random = (): number => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (const count of [1, 2, 3, 10, 101, 1000]) {
      const data = Float32Array.from({ length: count }, () => Math.floor(random() * 50));
      const sorted = data.slice().sort();
      expect(spread(data)).toEqual({ min: sorted[0], median: sorted[(count - 1) >> 1], max: sorted[count - 1] });
    }
    expect(spread(Float32Array.from([Number.NaN, Number.POSITIVE_INFINITY]))).toEqual({});
  });
});
