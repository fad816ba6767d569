import { z } from 'zod';
import { RESIZE_FILTERS } from '../frames/index.ts';

/** A side of a picture, or a length on it, in whole pixels. */
export const pixels = z.int().positive().max(16_384);
const triple = z.tuple([z.number(), z.number(), z.number()]);

const size = z.discriminatedUnion('rule', [
  /** The network takes this size only. */
  z.strictObject({
    rule: z.literal('fixed'),
    width: pixels,
    height: pixels,
    /**
     * The picture is smaller than the network by a margin that is filled with its mirror image and cut off the answer:
     * `factor` · √(side / 2) pixels of the footage, rounded down, on either side (ZoeDepth, with 3).
     */
    pad: z.strictObject({ mode: z.literal('reflect'), factor: z.number().positive().max(20) }).optional(),
  }),
  /** Sides are multiples of `multiple` and keep the footage's aspect at about `area` pixels. */
  z.strictObject({ rule: z.literal('aspect'), area: z.int().positive(), multiple: pixels, minimumSide: pixels }),
]);

/** The key `input` of a card. */
export const inputSchema = z.strictObject({
  /** Name of the tensor; `?0`, `?1`, … is the first, second, … of the graph, found out when the file comes. */
  tensor: z.string().min(1),
  /** `nhwc-uint8`: [H,W,3] or [1,H,W,3], values as decoded. `nchw-float32`: [1,3,H,W], prepared by `range`, `mean`, `std`. */
  layout: z.enum(['nhwc-uint8', 'nchw-float32']),
  colours: z.enum(['rgb', 'bgr']).default('rgb'),
  /** What 0 and 255 become, before `mean` and `std`: value = (pixel · (high − low) / 255 + low − mean) / std. */
  range: z.tuple([z.number(), z.number()]).default([0, 255]),
  mean: triple.default([0, 0, 0]),
  std: triple.refine((std) => std.every((value) => value !== 0), { error: 'must not hold 0' }).default([1, 1, 1]),
  size,
  /** How footage is brought to `size`: the filter its network was trained with. */
  resize: z.enum(RESIZE_FILTERS).default('bicubic'),
  /** Answers are the mean of those to the picture and to its mirror image: twice the work. */
  flip: z.boolean().default(false),
});

/** How a picture becomes the network's input. */
export type InputRule = z.infer<typeof inputSchema>;
