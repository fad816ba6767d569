import { z } from 'zod';

const spent = z.strictObject({ median: z.number().positive(), least: z.number().positive() });
const share = z.number().min(0);
const depthChange = z.strictObject({ median: share, p95: share });

/**
 * What kernels of fewer bits cost beside the float32 graphs they were made from: how much depth they change, and how
 * much time they save. A card without it computes in float32.
 */
export const precision = z.strictObject({
  /** `int8`: convolutions of 8 bits where that does little harm, float32 for the rest. `float16`: 16 bits throughout. */
  kernels: z.enum(['int8', 'float16']),
  /** The graphs that depth and time are compared with, in words. */
  comparedWith: z.string().min(1).max(500),
  /** |depth − depth in float32| / depth in float32, over all pixels of the pictures compared. */
  depthChange,
  pictures: z.strictObject({
    /** Where the pictures are from. */
    source: z.string().min(1).max(500),
    /** How many set the ranges of the 8 bits. */
    calibration: z.int().min(0),
    /** How many had their depth compared; none of them set the ranges. */
    compared: z.int().positive(),
  }),
  /** A new frame, both forms in turns in one process: milliseconds of computing, whatever else the machine does. */
  speed: z.strictObject({
    size: z.string().regex(/^\d+x\d+$/),
    threads: z.int().positive(),
    /** Milliseconds in float32, and by these kernels. */
    float32: spent,
    kernels: spent,
    /** How many times faster these kernels are, by the least of each. */
    ratio: z.number().positive(),
  }),
  /** Length of all graphs in bytes. */
  bytes: z.strictObject({ float32: z.int().positive(), kernels: z.int().positive() }),
});

/** What kernels of fewer bits cost: the key `precision` of a card. */
export type Precision = z.infer<typeof precision>;
