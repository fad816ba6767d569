import { DepthcastError } from '../frames/index.ts';
import type { ModelCard } from './card.ts';
import type { GraphValue, OnnxFile } from './onnx-file.ts';

/** The error for a graph that is not of the shape its card says. */
export function shapeError(card: ModelCard, part: string, fault: string, advice?: string): DepthcastError {
  return new DepthcastError('model-shape', `The ${part} graph of ${card.id} ${fault}.`, {
    advice: advice ?? 'Use the graph the card was written for, or mend the card.',
    facts: { model: card.id, part },
  });
}

/** The input or output of a name; throws `model-shape` that lists what there is. */
export function valueNamed(
  card: ModelCard,
  part: string,
  graph: OnnxFile,
  side: 'inputs' | 'outputs',
  name: string,
): GraphValue {
  const found = graph[side].find((value) => value.name === name);
  if (found) return found;
  const there = graph[side].map((value) => describe(value)).join(', ') || 'none';
  throw shapeError(card, part, `has no ${side === 'inputs' ? 'input' : 'output'} "${name}", only: ${there}`);
}

/** Throws `model-shape` unless a value has this type and one of these ranks. */
export function expectValue(
  card: ModelCard,
  part: string,
  value: GraphValue,
  type: string,
  ranks: readonly number[],
): void {
  const rank = value.shape?.length;
  if (value.type === type && (rank === undefined || ranks.includes(rank))) return;
  throw shapeError(
    card,
    part,
    `has "${value.name}" as ${describe(value)} where ${type} of rank ${ranks.join(' or ')} is needed`,
  );
}

/** Throws `model-shape` unless every fixed dimension of a value agrees with `wanted`; `undefined` agrees with all. */
export function expectShape(
  card: ModelCard,
  part: string,
  value: GraphValue,
  wanted: readonly (number | undefined)[],
): void {
  const fits = value.shape?.every((side, at) => {
    const want = wanted[at];
    return typeof side !== 'number' || want === undefined || side === want;
  });
  if (fits !== false) return;
  throw shapeError(
    card,
    part,
    `has "${value.name}" as ${describe(value)}, not [${wanted.map((side) => side ?? '?').join(',')}]`,
  );
}

/** Checks the input picture of a graph against the card's input rule. */
export function expectPicture(card: ModelCard, part: string, graph: OnnxFile): GraphValue {
  const { tensor, layout, size } = card.input;
  const value = valueNamed(card, part, graph, 'inputs', tensor);
  const fixed = size.rule === 'fixed' ? size : undefined;
  if (layout === 'nhwc-uint8') {
    expectValue(card, part, value, 'uint8', [3, 4]);
    const shape = [fixed?.height, fixed?.width, 3];
    expectShape(card, part, value, value.shape?.length === 4 ? [1, ...shape] : shape);
  } else {
    expectValue(card, part, value, 'float32', [4]);
    expectShape(card, part, value, [1, 3, fixed?.height, fixed?.width]);
  }
  const sides = layout === 'nhwc-uint8' ? value.shape?.slice(-3, -1) : value.shape?.slice(-2);
  if (!fixed && sides?.some((side) => typeof side === 'number')) {
    throw shapeError(
      card,
      part,
      `takes one size only (${describe(value)}), its card says any`,
      'Set input.size of the card to that fixed size.',
    );
  }
  return value;
}

/** Checks the answer of a graph against the card's output rule. */
export function expectAnswer(card: ModelCard, part: string, graph: OnnxFile): void {
  expectValue(card, part, valueNamed(card, part, graph, 'outputs', card.output.tensor), 'float32', [2, 3, 4]);
}

/** Checks the answers and the logits that a card's router chooses by. */
export function expectRouter(card: ModelCard, part: string, graph: OnnxFile): void {
  const { router } = card.output;
  if (!router) return;
  for (const name of router.answers) {
    expectValue(card, part, valueNamed(card, part, graph, 'outputs', name), 'float32', [2, 3, 4]);
  }
  expectValue(card, part, valueNamed(card, part, graph, 'outputs', router.tensor), 'float32', [1, 2]);
}

/** Checks the camera input of a graph that has one. */
export function expectCamera(card: ModelCard, part: string, graph: OnnxFile): void {
  if (card.camera.rule !== 'input') return;
  const name = card.camera.tensor;
  const value = graph.inputs.find((input) => input.name === name);
  if (!value) return;
  expectValue(card, part, value, 'float32', [1]);
  expectShape(card, part, value, [4]);
}

function describe(value: GraphValue): string {
  return `${value.name} ${value.type}[${value.shape?.join(',') ?? 'of unknown shape'}]`;
}
