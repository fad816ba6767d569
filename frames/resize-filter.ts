/**
 * Filters that bring a picture to another size. When it shrinks all but the last widen with the factor, so nothing
 * aliases: `bilinear` (triangle), `bicubic`, `lanczos` (3 lobes), `area` (mean over the covered pixels).
 * `bilinear-corners` takes four neighbours whatever the factor, first and last pixel centres lying on each other
 * (ZoeDepth).
 */
export const RESIZE_FILTERS = ['bilinear', 'bicubic', 'lanczos', 'area', 'bilinear-corners'] as const;

/** One of {@link RESIZE_FILTERS}. */
export type ResizeFilter = (typeof RESIZE_FILTERS)[number];
