import { Command } from 'commander';
import { z } from 'zod';
import { EVALUATION_LAYOUTS, type EvaluationLayout } from '../pipeline/evaluation/open-dataset.ts';
import { CROPS, FLIPS, PRESETS, type Preset } from '../pipeline/evaluation/presets.ts';
import { addStreamOptions, check, list, oneWindow, streamShape, text } from './options.ts';

const names = PRESETS.map((preset) => preset.name);
const crops = Object.keys(CROPS) as (keyof typeof CROPS)[];
const kinds = ['metric', 'relative', 'inverse'] as const;
const scalings = ['none', 'median', 'scale-shift'] as const;
const oneOf = (words: readonly string[]) => ({ error: `must be one of ${words.join(', ')}` });
const whole = z.coerce.number({ error: 'must be a number' }).pipe(z.int({ error: 'must be a whole number' }));

const evaluateSchema = z
  .strictObject({
    ...streamShape,
    layout: z.enum(EVALUATION_LAYOUTS, oneOf(EVALUATION_LAYOUTS)).optional(),
    gt: text.optional(),
    poses: text.optional(),
    split: text.optional(),
    preset: z.enum(names, oneOf(names)).optional(),
    crop: z.enum(crops, oneOf(crops)).optional(),
    cap: z.coerce.number({ error: 'must be metres' }).positive({ error: 'must be above 0' }).max(1000).optional(),
    scale: z.enum(scalings, oneOf(scalings)).optional(),
    flip: z.enum(FLIPS, oneOf(FLIPS)).optional(),
    pred: text.optional(),
    predKind: z.enum(kinds, oneOf(kinds)).optional(),
    compare: list(text).optional(),
    block: whole.pipe(z.number().min(1, { error: 'must be at least 1' })).optional(),
    seed: whole.default(1),
    out: text.optional(),
  })
  .superRefine(oneWindow)
  .superRefine((options, context) => {
    const wrong = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if (options.compare && options.compare.length < 2) wrong('compare', 'needs two models or folders at least');
    if (options.compare && options.pred !== undefined) {
      wrong('pred', 'does not go with --compare, which takes folders of predictions itself');
    }
  });

export type EvaluateOptions = z.infer<typeof evaluateSchema>;

/** Options of `evaluate`, checked. Throws `option-invalid`. */
export function evaluateOptions(given: Readonly<Record<string, unknown>>): Promise<EvaluateOptions> {
  return check(evaluateSchema, given);
}

/** The command with its options and help, without what it does. */
export function evaluateHelp(): Command {
  const command = addStreamOptions(
    new Command('evaluate')
      .description('Accuracy and consistency over time, against measured depth and poses.')
      .argument(
        '<dataset>',
        'KITTI sequence, drive or depth selection, TUM RGB-D or 7-Scenes folder, or footage with --gt',
      )
      .option(
        '--gt <where>',
        'folder of 16-bit depth PNGs named like the frames, the folder of the annotated depth of KITTI, or velodyne (default for KITTI: gt_depth_cam2, else velodyne)',
      )
      .option('--poses <file>', 'KITTI poses, a line a frame, for footage that brings none')
      .option('--split <file>', 'evaluate the frames of this list; DATASET is then the folder its lines begin in')
      .option('--preset <name>', `how to measure: ${names.join(', ')} (default: street, indoors rgbd)`)
      .option('--crop <name>', `part of the picture that is measured: ${crops.join(', ')} (default: the preset's)`)
      .option('--cap <metres>', "farthest truth that takes part (default: the preset's)")
      .option('--scale <mode>', `${scalings.join(', ')} (default: the preset's)`)
      .option('--flip <way>', `predict the mirrored picture as well: ${FLIPS.join(', ')} (default: the preset's)`)
      .option('--pred <place>', 'measure these .npy or 16-bit .png files, or this .npz, instead of a model')
      .option(
        '--pred-kind <kind>',
        `what they mean: ${kinds.join(', ')} (default: what a run says of itself, else metric)`,
      )
      .option('--compare <each...>', 'models and predictions side by side on the same frames, with 95 % intervals')
      .option(
        '--block <frames>',
        'compare: frames of a block of the bootstrap (default: 1.3 times the root of their number)',
      )
      .option('--seed <n>', 'compare: of the bootstrap (default: 1)')
      .option(
        '--out <dir>',
        'write frames.csv, summary.json, table.md, table.tex and report.html there; a killed run goes on there',
      ),
  );
  const layout = command.options.find(({ long }) => long === '--layout');
  if (layout) layout.description = `what DATASET is: ${EVALUATION_LAYOUTS.join(', ')}`;
  return command.addHelpText(
    'after',
    `
Presets:
${PRESETS.map(({ name, summary }) => `  ${name.padEnd(22)}${summary}`).join('\n')}

Examples:
  $ depthcast evaluate sequences/04 --layout kitti-odometry --gt gt_depth_cam2 --json
  $ depthcast evaluate sequences/04 --compare tc-depth-lite tc-depth-lite-single --out out/compared
`,
  );
}

/** The preset by its name, else by the layout, with what the options change in it. */
export function presetOf({ preset, crop, cap, scale, flip }: EvaluateOptions, layout: EvaluationLayout): Preset {
  const indoors = layout === 'tum' || layout === '7-scenes';
  const chosen = PRESETS.find(({ name }) => name === (preset ?? (indoors ? 'rgbd' : 'street')))!;
  return {
    ...chosen,
    ...(crop === undefined ? {} : { crop }),
    ...(cap === undefined ? {} : { maxDepth: cap }),
    ...(scale === undefined ? {} : { scaling: scale }),
    ...(flip === undefined ? {} : { flip }),
  };
}
