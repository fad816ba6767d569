import { describe, expect, it } from 'vitest';
import { median } from '../../../operators/metrics/median.ts';
import { matchField, pictureMatches } from '../../../operators/metrics/picture-matches.ts';
import { syntheticDrive } from '../synthetic-drive.ts';

const picture = syntheticDrive(1)[0]?.frame as ReturnType<typeof syntheticDrive>[number]['frame'];

/** What the camera sees after all of the picture moved right and down, at another exposure. */
function moved(right: number, down: number) {
  const { width, height } = picture;
  const pixels = new Uint8Array(picture.pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = Math.max(0, Math.min(width - 1, x - right));
      const fromY = Math.max(0, Math.min(height - 1, y - down));
      for (let channel = 0; channel < 3; channel++) {
        const value = picture.pixels[(fromY * width + fromX) * 3 + channel] as number;
        pixels[(y * width + x) * 3 + channel] = 0.8 * value + 20;
      }
    }
  }
  return { width, height, pixels };
}

describe('pictureMatches', () => {
  it.each([
    [0, 0],
    [5, 0],
    [-22, 7],
    [50, -10],
  ])('finds a picture that moved by %i, %i pixels to a part of a cell', (right, down) => {
    const { count, x, y, previousX, previousY } = pictureMatches(matchField(moved(right, down)), matchField(picture));
    expect(count).toBeGreaterThan(40);
    const across = x.slice(0, count).map((to, at) => to - (previousX[at] as number));
    const along = y.slice(0, count).map((to, at) => to - (previousY[at] as number));
    expect(Math.abs(median(across) - right)).toBeLessThan(0.6);
    expect(Math.abs(median(along) - down)).toBeLessThan(0.6);
  });

  it('finds nothing of a picture without texture or of another size', () => {
    const black = { ...moved(0, 0), pixels: new Uint8Array(picture.pixels.length) };
    expect(pictureMatches(matchField(black), matchField(picture))).toMatchObject({ count: 0, sought: 0 });
    expect(pictureMatches(matchField(picture), matchField(black)).count).toBe(0);
    const small = { width: 320, height: 192, pixels: picture.pixels.subarray(0, 320 * 192 * 3) };
    expect(pictureMatches(matchField(small), matchField(picture)).count).toBe(0);
  });
});
