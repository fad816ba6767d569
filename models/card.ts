import { z } from 'zod';
import type { DepthKind } from '../frames/index.ts';
import { DepthcastError } from '../frames/index.ts';
import { inputSchema, pixels } from './input-rule.ts';
import { precision } from './precision.ts';

export type { InputRule } from './input-rule.ts';

/** An offset list holds the target's 0 exactly once and no other offset twice. */
const offsets = z
  .array(z.int().min(-64).max(64))
  .min(2)
  .max(9)
  .refine((list) => list.includes(0) && new Set(list).size === list.length, {
    error: 'must hold 0 (the target) once, and no offset twice',
  });

const part = z.strictObject({
  /** Path of the ONNX file, relative to the card. */
  file: z
    .string()
    .min(1)
    .max(500)
    .refine((file) => !/^([/\\]|[a-z]:|\w+:\/\/)/i.test(file) && !file.includes('\0'), {
      error: 'must be a path relative to the card',
    }),
  /** May be left out where `url` is there (what comes first is pinned), or where the user brings the file. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 lower-case hexadecimal digits' })
    .optional(),
  bytes: z.int().positive().optional(),
  /** Where `models pull` gets the file; it is kept in the cache folder then. */
  url: z
    .string()
    .max(2000)
    .refine(isFetchable, { error: 'must be an https URL without a password (http only for this machine)' })
    .optional(),
  /** Size in bytes as published, rounded, where the exact one is not known. */
  aboutBytes: z.int().positive().optional(),
});

/** Whether a file may be pulled from there: https, or http from this machine itself. */
function isFetchable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

/** Several answers in one graph, one a domain, of which a stream gets one and keeps it while the domain is in doubt. */
const router = z.strictObject({
  /** Tensor of one logit a domain, in the order of `answers`. */
  tensor: z.string().min(1),
  /** Tensors of the depth maps. */
  answers: z
    .array(z.string().min(1))
    .min(2)
    .max(8)
    .refine((list) => new Set(list).size === list.length, { error: 'must not hold a tensor twice' }),
  /** Another domain takes over once its probability was so much above the present one's … */
  margin: z.number().min(0).lt(1).default(0.2),
  /** … on so many frames in a row. */
  frames: z.int().min(1).max(1000).default(10),
});

const direct = {
  tensor: z.string().min(1),
  /** Multiplies the answer. */
  scale: z.number().positive().default(1),
  /** Is added after `scale`. */
  offset: z.number().optional(),
  router: router.optional(),
};

const output = z.discriminatedUnion('kind', [
  /** z-depth in metres. */
  z.strictObject({ ...direct, kind: z.literal('metric'), min: z.number().positive(), max: z.number().positive() }),
  /** z-depth up to one unknown scale. */
  z.strictObject({ ...direct, kind: z.literal('relative'), min: z.number().min(0), max: z.number().positive() }),
  /** Inverse depth up to scale and shift; handed on as such. */
  z.strictObject({ ...direct, kind: z.literal('inverse'), min: z.number().optional(), max: z.number().optional() }),
  /** Monodepth2's answer d in 0..1: depth = scale / (a + b · d). */
  z.strictObject({
    ...direct,
    kind: z.literal('sigmoid-disparity'),
    a: z.number().positive(),
    b: z.number().positive(),
    /** Whether `scale` brings it to metres. */
    metric: z.boolean(),
    min: z.number().positive(),
    max: z.number().positive(),
  }),
]);

/**
 * How depth depends on the camera. The canonical focal length holds for a picture `canonicalWidth` pixels wide; a frame
 * without intrinsics is taken as seen by it: fx = fy = canonicalFocal · width / canonicalWidth, centre in the middle.
 */
const camera = z.discriminatedUnion('rule', [
  /** The graph takes fx, fy, cx, cy (float32 [4], pixels of the frame) and answers for that camera. */
  z.strictObject({
    rule: z.literal('input'),
    tensor: z.string().min(1),
    canonicalFocal: z.number().positive(),
    canonicalWidth: pixels,
    /** What it is told of a frame without intrinsics: the canonical camera, or four zeros, for which it has its own. */
    unknown: z.enum(['canonical', 'zeros']).default('canonical'),
  }),
  /** The answer holds for the canonical camera and is multiplied by fx / canonical fx. */
  z.strictObject({ rule: z.literal('output'), canonicalFocal: z.number().positive(), canonicalWidth: pixels }),
  /** Nothing is known of it. */
  z.strictObject({ rule: z.literal('none') }),
]);

const licence = z.strictObject({ name: z.string().min(1), commercial: z.boolean(), note: z.string().optional() });

const common = {
  version: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
    error: 'must be 1 to 64 of a-z, 0-9, dot, dash, underscore, not beginning with a mark',
  }),
  title: z.string().min(1).max(200),
  input: inputSchema,
  output,
  camera,
  licence,
  /** Where the weights come from. */
  source: z.string().min(1),
  /** How to get the weights where no URL can be given: they are brought by `models import`. */
  obtain: z.string().min(1).optional(),
  /**
   * How `models import ID CHECKPOINT` makes the graphs of the authors' checkpoint: a Python module below
   * `models/training/`, and what it takes, in words. Of no effect outside the cards that ship.
   */
  convert: z
    .strictObject({
      module: z.string().regex(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/),
      takes: z.string().min(1),
      /** Whether it can make graphs with 8-bit kernels as well: `models import ID CHECKPOINT --int8 PICTURES`. */
      int8: z.boolean().optional(),
    })
    .optional(),
  /** What it was trained on. */
  trained: z.strictObject({ data: z.array(z.string()), facts: z.record(z.string(), z.json()).default({}) }),
  /** Measured figures, each under the name of what it was measured on. */
  figures: z.record(z.string(), z.json()).default({}),
  /** What its kernels cost where they compute with fewer bits than float32. */
  precision: precision.optional(),
};

const cardSchema = z
  .discriminatedUnion('family', [
    /** A frame graph run once a frame, and a window graph over its outputs. */
    z.strictObject({
      ...common,
      family: z.literal('windowed-features'),
      parts: z.strictObject({ frame: part, window: part }),
      /** `offsets` it is used with, target included; `alternatives` that it was trained with as well. */
      window: z.strictObject({ offsets, alternatives: z.array(offsets).default([]) }),
    }),
    /** The same frame graph with a head for one frame. */
    z.strictObject({
      ...common,
      family: z.literal('features-single'),
      parts: z.strictObject({ frame: part, single: part }),
    }),
    /** One graph, picture in, answer out. */
    z.strictObject({ ...common, family: z.literal('single-graph'), parts: z.strictObject({ graph: part }) }),
    /** One graph over all pictures of a window, an input each. */
    z.strictObject({
      ...common,
      family: z.literal('window-graph'),
      parts: z.strictObject({ graph: part }),
      /** `tensors` take the context frames, in the order of `offsets` without its 0; `input.tensor` takes the target. */
      window: z.strictObject({
        offsets,
        alternatives: z.array(offsets).default([]),
        tensors: z.array(z.string().min(1)).min(1).max(8),
      }),
    }),
  ])
  .superRefine((card, context) => {
    const { min, max } = card.output;
    if (min !== undefined && max !== undefined && min >= max) {
      context.addIssue({ code: 'custom', path: ['output', 'max'], message: 'must be greater than min' });
    }
    for (const [name, part] of Object.entries(card.parts) as [string, CardPart][]) {
      // It is written then, into a folder of the hub, and must not lead out of it or onto what the hub keeps there.
      if (part.url !== undefined && !/^\w[\w.-]{0,99}\.onnx$/.test(part.file)) {
        context.addIssue({
          code: 'custom',
          path: ['parts', name, 'file'],
          message: 'must be a plain name ending in .onnx where the part has a url',
        });
      }
      if (part.url !== undefined || card.obtain !== undefined) continue;
      for (const key of ['sha256', 'bytes'] as const) {
        if (part[key] === undefined)
          context.addIssue({ code: 'custom', path: ['parts', name, key], message: 'is missing' });
      }
    }
    const { router } = card.output;
    if (router && !router.answers.includes(card.output.tensor)) {
      context.addIssue({ code: 'custom', path: ['output', 'tensor'], message: 'must be one of router.answers' });
    }
    if (card.family !== 'single-graph') {
      const alone = [
        [router !== undefined, ['output', 'router']],
        [card.input.flip, ['input', 'flip']],
        [card.input.size.rule === 'fixed' && card.input.size.pad !== undefined, ['input', 'size', 'pad']],
      ] as const;
      for (const [there, path] of alone) {
        if (there) context.addIssue({ code: 'custom', path: [...path], message: 'is for the family single-graph' });
      }
    }
    if (card.family === 'window-graph') {
      const { offsets, tensors } = card.window;
      const fault =
        tensors.length !== offsets.length - 1
          ? 'must name a tensor for each offset besides 0'
          : new Set([card.input.tensor, ...tensors]).size <= tensors.length && 'must not hold a tensor twice';
      if (fault) context.addIssue({ code: 'custom', path: ['window', 'tensors'], message: fault });
    }
    if ('window' in card) {
      card.window.alternatives.forEach((list, index) => {
        if (list.length !== card.window.offsets.length) {
          context.addIssue({ code: 'custom', path: ['window', 'alternatives', index], message: 'must be as long' });
        }
      });
    }
  });

/** Everything a model is, as data: version 1 of the card format (models/cards/*.json). */
export type ModelCard = z.infer<typeof cardSchema>;
/** One ONNX file of a model. */
export type CardPart = z.infer<typeof part>;
/** What the network's answer means. */
export type OutputRule = z.infer<typeof output>;
/** Which of several answers of a graph a stream gets. */
export type RouterRule = z.infer<typeof router>;
/** How depth depends on the camera. */
export type CameraRule = z.infer<typeof camera>;

/**
 * Checks a parsed JSON card. `where` names it in errors.
 *
 * Throws a DepthcastError `model-invalid` that names the path of the first key in fault; unknown keys are refused.
 */
export function parseCard(json: unknown, where: string): ModelCard {
  const result = cardSchema.safeParse(json);
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), fault: 'is not a key of a card' }));
    }
    return [{ path: path.join('.'), fault: issue.message }];
  });
  const first = faults[0]!;
  throw new DepthcastError(
    'model-invalid',
    `The card ${where} is not valid: ${first.path === '' ? 'the card' : first.path}: ${first.fault}.`,
    { advice: 'Mend that key; models/cards/tc-depth-lite.json is an example of every one.', facts: { where, faults } },
  );
}

/** What the depth maps of a card mean. */
export function depthKind(card: ModelCard): DepthKind {
  if (card.output.kind !== 'sigmoid-disparity') return card.output.kind;
  return card.output.metric ? 'metric' : 'relative';
}

/** The parts of a card by name. */
export function cardParts(card: ModelCard): readonly (readonly [name: string, part: CardPart])[] {
  return Object.entries(card.parts);
}

/** Offsets of the context frames a card is used with, the target's 0 left out; empty for a single-frame model. */
export function contextOffsetsOf(card: ModelCard): readonly number[] {
  return 'window' in card ? card.window.offsets.filter((offset) => offset !== 0) : [];
}
