import type { ModelCard } from '../card.ts';
import { expectAnswer, expectCamera, expectPicture, shapeError } from '../graph-check.ts';
import { floatTensor, type Tensor } from '../onnx-session.ts';
import type { Picture } from '../picture.ts';
import { PictureInput } from '../picture-input.ts';
import type { Family, FamilyRunner, LoadedPart } from './family.ts';

/** Networks of one graph: picture in, answer out. What they know of other frames is nothing. */
export const singleGraph: Family = {
  check(card, graphs) {
    const graph = graphs['graph']!;
    const picture = expectPicture(card, 'graph', graph);
    expectCamera(card, 'graph', graph);
    const camera = card.camera.rule === 'input' ? card.camera.tensor : undefined;
    for (const input of graph.inputs) {
      if (input === picture || input.name === camera) continue;
      throw shapeError(card, 'graph', `has the input "${input.name}", which nothing in its card feeds`);
    }
    expectAnswer(card, 'graph', graph);
  },

  open(card, parts) {
    return new SingleGraphRunner(card, parts['graph']!);
  },
};

class SingleGraphRunner implements FamilyRunner {
  readonly encoded = 0;
  readonly #card: ModelCard;
  readonly #part: LoadedPart;
  readonly #input: PictureInput;

  constructor(card: ModelCard, part: LoadedPart) {
    this.#card = card;
    this.#part = part;
    const shape = part.graph.inputs.find((input) => input.name === card.input.tensor)?.shape;
    this.#input = new PictureInput(card.input, shape?.length ?? 4);
  }

  async answer([picture]: readonly Picture[]): Promise<Tensor> {
    const { input, output, camera } = this.#card;
    const feeds: Record<string, Tensor> = { [input.tensor]: this.#input.tensor(picture!) };
    if (camera.rule === 'input' && this.#part.graph.inputs.some(({ name }) => name === camera.tensor)) {
      feeds[camera.tensor] = floatTensor(Float32Array.from(picture!.camera!), [4]);
    }
    const answers = await this.#part.session.run(feeds);
    return answers[output.tensor]!;
  }

  reset(): void {
    // Nothing is kept from one picture to the next.
  }
}
