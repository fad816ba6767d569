import type { Size } from '../../frames/index.ts';

/** A part of a picture: rows `top` to `bottom` and columns `left` to `right`, the latter two excluded. */
export interface CropRectangle {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * The crop of Garg et al., "Unsupervised CNN for Single View Depth Estimation" (ECCV 2016): rows 0.40810811 to
 * 0.99189189 of the height, columns 0.03594771 to 0.96405229 of the width, cut to whole numbers towards 0 as the
 * evaluation code of Monodepth (Godard et al. 2017, 2019) does. 370×1226 gives rows 151 to 366, columns 44 to 1181.
 */
export function gargCrop(size: Size): CropRectangle {
  return fractions(size, 0.40810811, 0.99189189, 0.03594771, 0.96405229);
}

/**
 * The crop of Eigen, Puhrsch and Fergus, "Depth Map Prediction from a Single Image using a Multi-Scale Deep Network"
 * (NIPS 2014): rows 0.3324324 to 0.91351351, columns 0.0359477 to 0.96405229, cut to whole numbers towards 0.
 */
export function eigenCrop(size: Size): CropRectangle {
  return fractions(size, 0.3324324, 0.91351351, 0.0359477, 0.96405229);
}

/**
 * The 1216×352 pixels at the bottom and in the middle of a KITTI picture ("KB crop", the size of the KITTI depth
 * benchmark; Uhrig et al., "Sparsity Invariant CNNs", 3DV 2017). A smaller picture is taken whole in that direction.
 */
export function benchmarkCrop({ width, height }: Size): CropRectangle {
  const top = Math.max(0, Math.trunc(height - 352));
  const left = Math.max(0, Math.trunc((width - 1216) / 2));
  return { top, left, bottom: Math.min(height, top + 352), right: Math.min(width, left + 1216) };
}

/** The Garg crop of the 1216×352 crop, in pixels of the whole picture, as GLPDepth and ZoeDepth apply it. */
export function gargInBenchmarkCrop(size: Size): CropRectangle {
  const outer = benchmarkCrop(size);
  const inner = gargCrop({ width: outer.right - outer.left, height: outer.bottom - outer.top });
  return {
    top: outer.top + inner.top,
    bottom: outer.top + inner.bottom,
    left: outer.left + inner.left,
    right: outer.left + inner.right,
  };
}

function fractions({ width, height }: Size, top: number, bottom: number, left: number, right: number): CropRectangle {
  return {
    top: Math.trunc(top * height),
    bottom: Math.trunc(bottom * height),
    left: Math.trunc(left * width),
    right: Math.trunc(right * width),
  };
}
