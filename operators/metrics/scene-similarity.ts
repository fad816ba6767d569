import { lumaGrid } from './luma-grid.ts';
import { correlation, type PatchField, patchField } from './patch-field.ts';

/** The picture as {@link sceneSimilarity} wants it: about 1,920 cells, patches of 9 × 9 cells. */
export function sceneField(picture: {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}): PatchField {
  const cell = Math.max(1, Math.round(Math.sqrt((picture.width * picture.height) / 1920)));
  return patchField(lumaGrid(picture, cell), 4);
}

const STRIDE = 8;
const REACH_X = 8;
const REACH_Y = 3;
/** Below a deviation of 4 of 255 a patch shows nothing that could be found again. */
const FLAT = 4 * 9;

/**
 * How much of the previous picture can be found again in the present one: the mean, over patches, of the best
 * correlation within ± 8 cells sideways and ± 3 up and down (± 64 and ± 24 pixels at 640 × 192). About 1 = the same
 * scene, below 0.7 = another one.
 *
 * Blind to exposure (the correlation is normalised), to shake and to turns within that reach. `undefined` where the
 * present picture has fewer than 4 patches with texture (black, blown out, fog) or the sizes differ. It cannot see a
 * dissolve, which is similar to its neighbours all the way, nor a cut between two views of about the same thing.
 */
export function sceneSimilarity(present: PatchField, previous: PatchField): number | undefined {
  const { width, height, radius } = present;
  if (width !== previous.width || height !== previous.height) return undefined;
  let sum = 0;
  let patches = 0;
  for (let y = radius + REACH_Y; y < height - radius - REACH_Y; y += STRIDE) {
    for (let x = radius; x < width - radius; x += STRIDE) {
      if ((present.energy[y * width + x] as number) < FLAT) continue;
      sum += bestCorrelation(present, x, y, previous);
      patches++;
    }
  }
  return patches < 4 ? undefined : sum / patches;
}

function bestCorrelation(present: PatchField, x: number, y: number, previous: PatchField): number {
  const { width, radius } = present;
  const at = y * width + x;
  let best = correlation(present, at, previous, at);
  // Found where it was, as in most pictures of a slow camera.
  if (best > 0.9) return best;
  const left = Math.max(-REACH_X, radius - x);
  const right = Math.min(REACH_X, width - 1 - radius - x);
  for (let v = -REACH_Y; v <= REACH_Y; v++) {
    for (let u = left; u <= right; u++) {
      const found = correlation(present, at, previous, at + v * width + u);
      if (found > best) best = found;
    }
  }
  return best;
}
