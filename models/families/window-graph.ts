import type { ModelCard } from '../card.ts';
import { expectAnswer, expectCamera, expectPicture, shapeError } from '../graph-check.ts';
import { floatTensor, type Tensor } from '../onnx-session.ts';
import type { Picture } from '../picture.ts';
import { PictureInput } from '../picture-input.ts';
import type { Family, FamilyRunner, LoadedPart } from './family.ts';

/**
 * Networks of one graph over the pictures of a window: one input for the target and one for each context frame, all
 * prepared alike. Nothing is kept from one window to the next, so every frame is looked at as often as it stands in a
 * window; a network that can be cut in two is cheaper as `windowed-features`.
 */
export const windowGraph: Family = {
  check(card, graphs) {
    const graph = graphs['graph']!;
    const known = new Set<string>();
    for (const tensor of pictureTensors(card)) {
      expectPicture({ ...card, input: { ...card.input, tensor } }, 'graph', graph);
      known.add(tensor);
    }
    expectCamera(card, 'graph', graph);
    if (card.camera.rule === 'input') known.add(card.camera.tensor);
    for (const { name } of graph.inputs) {
      if (!known.has(name)) throw shapeError(card, 'graph', `has the input "${name}", which nothing in its card feeds`);
    }
    expectAnswer(card, 'graph', graph);
  },

  open(card, parts) {
    return new WindowGraphRunner(card, parts['graph']!);
  },
};

class WindowGraphRunner implements FamilyRunner {
  readonly encoded = 0;
  readonly #card: ModelCard;
  readonly #part: LoadedPart;
  /** One for each frame of a window: the memory of one is used again for the next. */
  readonly #inputs: readonly (readonly [tensor: string, input: PictureInput])[];

  constructor(card: ModelCard, part: LoadedPart) {
    this.#card = card;
    this.#part = part;
    this.#inputs = pictureTensors(card).map((tensor) => {
      const shape = part.graph.inputs.find(({ name }) => name === tensor)?.shape;
      return [tensor, new PictureInput(card.input, shape?.length ?? 4)];
    });
  }

  async answer(pictures: readonly Picture[]): Promise<Tensor> {
    const { camera, output } = this.#card;
    const feeds: Record<string, Tensor> = {};
    for (const [at, [tensor, input]] of this.#inputs.entries()) feeds[tensor] = input.tensor(pictures[at]!);
    if (camera.rule === 'input' && this.#part.graph.inputs.some(({ name }) => name === camera.tensor)) {
      feeds[camera.tensor] = floatTensor(Float32Array.from(pictures[0]!.camera!), [4]);
    }
    return (await this.#part.session.run(feeds))[output.tensor]!;
  }

  reset(): void {}
}

/** The target's tensor, then those of the context frames. */
function pictureTensors(card: ModelCard): readonly string[] {
  return card.family === 'window-graph' ? [card.input.tensor, ...card.window.tensors] : [card.input.tensor];
}
