import { basename } from 'node:path';
import { DepthcastError } from '../frames/index.ts';
import { type ModelCard, parseCard } from './card.ts';
import type { ModelFile } from './model-file.ts';
import type { GraphValue } from './onnx-file.ts';

/** What an answer's name says of its kind. */
const disparityName = /disp|inv/i;
const depthName = /depth|metric/i;
/** An input's name that says its values go to 255, as in `image255`. */
const wideRangeName = /255/;

/**
 * A card for an ONNX file without one, by looking at its inputs and outputs: one picture in, one map out.
 *
 * Sides that are free become multiples of 32, or of the step of the first convolution where that is no part of 32 (a
 * transformer's patches of 14). What a graph cannot say is guessed low: colours RGB, values 0..1 without mean and deviation (0..255 for uint8 or where
 * the input's name holds 255), an answer called depth is depth up to scale, any other inverse depth up to scale and
 * shift, never metres. Throws `model-shape` where the graph is not of that form.
 */
export function guessCard(file: ModelFile): ModelCard {
  const name = basename(file.path);
  const { inputs, outputs } = file.graph;
  const picture = inputs.length === 1 ? pictureInput(inputs[0]!, file.graph.strides) : undefined;
  const answers = outputs.filter((output) => output.type === 'float32' && isMap(output));
  const answer = answers.find((output) => depthName.test(output.name) || disparityName.test(output.name)) ?? answers[0];
  if (!picture || !answer) {
    throw new DepthcastError(
      'model-shape',
      `${name} does not look like a network of one picture in, one depth map out.`,
      {
        advice: 'Write a card for it (see models/cards/ for examples) and give the card instead.',
        facts: { inputs, outputs },
      },
    );
  }
  const isDepth = depthName.test(answer.name) && !disparityName.test(answer.name);
  const stem = name.replace(/\.onnx$/i, '');
  const id =
    stem
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '')
      .slice(0, 64) || 'model';
  return parseCard(
    {
      version: 1,
      id,
      title: `${stem} (card guessed from the file)`,
      family: 'single-graph',
      parts: { graph: { file: name, sha256: file.sha256, bytes: file.bytes.length } },
      input: picture,
      output: isDepth
        ? { tensor: answer.name, kind: 'relative', min: 0, max: 1e6 }
        : { tensor: answer.name, kind: 'inverse' },
      camera: { rule: 'none' },
      licence: { name: 'unknown', commercial: false, note: 'The file does not say; ask whoever made it.' },
      source: 'a file given by the user',
      trained: { data: [] },
    },
    name,
  );
}

function pictureInput({ name, type, shape }: GraphValue, strides: ReadonlyMap<string, number>): object | undefined {
  if (!shape) return undefined;
  const step = strides.get(name) ?? 1;
  const multiple = step > 1 && step <= 64 && 32 % step !== 0 ? step : 32;
  // Some exporters leave even the number of channels free.
  const planes = shape[1] === 3 || (typeof shape[1] === 'string' && typeof shape[3] !== 'number');
  if (type === 'float32' && shape.length === 4 && planes) {
    const range = wideRangeName.test(name) ? [0, 255] : [0, 1];
    return { tensor: name, layout: 'nchw-float32', range, size: sizeOf(shape[2], shape[3], multiple) };
  }
  if (type === 'uint8' && (shape.length === 3 || shape.length === 4) && shape.at(-1) === 3) {
    return { tensor: name, layout: 'nhwc-uint8', size: sizeOf(shape.at(-3), shape.at(-2), multiple) };
  }
  return undefined;
}

function sizeOf(height: number | string | undefined, width: number | string | undefined, multiple: number): object {
  return typeof height === 'number' && typeof width === 'number'
    ? { rule: 'fixed', width, height }
    : { rule: 'aspect', area: 640 * 192, multiple, minimumSide: 64 };
}

/** [H,W] behind any number of axes that are 1 or free. */
function isMap({ shape }: GraphValue): boolean {
  if (!shape) return true;
  return (
    shape.length >= 2 && shape.length <= 4 && shape.slice(0, -2).every((side) => side === 1 || typeof side === 'string')
  );
}
