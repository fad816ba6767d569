import { describe, expect, it } from 'vitest';
import { otherEye } from '../../../pipeline/sinks/film/other-eye.ts';

const WIDTH = 40;

/** One row: each pixel's colour is its own column, so that what is seen tells where it came from. */
function seen(places: readonly number[], shift: number, screen = 0): number[] {
  const pixels = Uint8Array.from({ length: WIDTH * 3 }, (_, i) => Math.floor(i / 3));
  const bytes = new Uint8Array(WIDTH * 3 + 6).fill(255);
  const picture = { width: WIDTH, height: 1, pixels };
  otherEye(picture, Float32Array.from(places), { shift, screen }, { bytes, offset: 6, stride: WIDTH * 3 });
  expect([...bytes.subarray(0, 6)]).toEqual([255, 255, 255, 255, 255, 255]);
  return Array.from({ length: WIDTH }, (_, x) => bytes[6 + x * 3]!);
}

const columns = (place: (x: number) => number): number[] => Array.from({ length: WIDTH }, (_, x) => place(x));

describe('the other eye', () => {
  it('sees the same where everything lies in the plane of the screen', () => {
    expect(
      seen(
        columns(() => 0.4),
        8,
        0.4,
      ),
    ).toEqual(columns((x) => x));
  });

  it('sees what is near farther left, and what is far behind the screen farther right', () => {
    expect(
      seen(
        columns(() => 1),
        4,
      )[10],
    ).toBe(14);
    expect(
      seen(
        columns(() => 0),
        10,
        0.5,
      )[20],
    ).toBe(15);
  });

  it('sees the near thing where two fall onto one spot, and background beside it where nothing does', () => {
    // A post at columns 20 to 23 before a wall.
    const row = seen(
      columns((x) => (x >= 20 && x < 24 ? 1 : 0)),
      6,
    );
    expect(row.slice(14, 18)).toEqual([20, 21, 22, 23]);
    // The gap that the post leaves shows the wall on its right, never the post.
    expect(row.slice(18, 24)).toEqual([18, 19, 24, 24, 24, 24]);
    expect(row.slice(24)).toEqual(columns((x) => x).slice(24));
  });

  it('has no cracks in a surface that comes towards the eye', () => {
    const row = seen(
      columns((x) => x / WIDTH),
      15,
    );
    for (let x = 1; x < WIDTH; x++) expect(row[x]!).toBeGreaterThanOrEqual(row[x - 1]!);
    // Leaning the other way it is stretched: steps are small all the same.
    const stretched = seen(
      columns((x) => 1 - x / WIDTH),
      15,
    );
    for (let x = 1; x < WIDTH; x++) expect(stretched[x]! - stretched[x - 1]!).toBeLessThanOrEqual(1);
  });
});
