import type { ModelCard } from '../card.ts';
import { averageMirrored } from '../depth-output.ts';
import { DomainRouter } from '../domain-router.ts';
import { expectAnswer, expectCamera, expectPicture, expectRouter, shapeError } from '../graph-check.ts';
import { floatTensor, type Tensor } from '../onnx-session.ts';
import type { Picture } from '../picture.ts';
import { PictureInput } from '../picture-input.ts';
import type { Family, FamilyRunner, LoadedPart } from './family.ts';

/**
 * Networks of one graph: picture in, answer out. What they know of other frames is nothing, but for which of several
 * answers a stream got (see DomainRouter).
 */
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
    expectRouter(card, 'graph', graph);
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
  readonly #router: DomainRouter | undefined;

  constructor(card: ModelCard, part: LoadedPart) {
    this.#card = card;
    this.#part = part;
    const shape = part.graph.inputs.find((input) => input.name === card.input.tensor)?.shape;
    this.#input = new PictureInput(card.input, shape?.length ?? 4);
    this.#router = card.output.router && new DomainRouter(card.output.router);
  }

  async answer([picture]: readonly Picture[]): Promise<Tensor> {
    const answers = await this.#run(picture!, false);
    const name = this.#chosen(picture!, answers);
    const answer = answers[name]!;
    if (!this.#card.input.flip) return answer;
    const other = (await this.#run(picture!, true))[name]!;
    // What is wrong with an answer is said by whoever takes it.
    if (answer.type === 'float32' && other.data.length === answer.data.length) {
      averageMirrored(answer.data as Float32Array, other.data as Float32Array, answer.dims.at(-1) ?? 1);
    }
    return answer;
  }

  reset(): void {
    this.#router?.reset();
  }

  #run(picture: Picture, mirrored: boolean): Promise<Readonly<Record<string, Tensor>>> {
    const { input, camera } = this.#card;
    const feeds: Record<string, Tensor> = { [input.tensor]: this.#input.tensor(picture, mirrored) };
    if (camera.rule === 'input' && this.#part.graph.inputs.some(({ name }) => name === camera.tensor)) {
      feeds[camera.tensor] = floatTensor(mirroredCamera(picture, mirrored), [4]);
    }
    return this.#part.session.run(feeds);
  }

  #chosen(picture: Picture, answers: Readonly<Record<string, Tensor>>): string {
    const { tensor, router } = this.#card.output;
    if (!router) return tensor;
    const logits = answers[router.tensor]!.data as Float32Array;
    if (logits.length !== router.answers.length) {
      const fault = `answers ${logits.length} logits for ${router.answers.length} answers`;
      throw shapeError(this.#card, 'graph', fault, 'Correct output.router in its card.');
    }
    return router.answers[this.#router!.choose(picture, logits)]!;
  }
}

/** fx, fy, cx, cy as the graph sees the picture. */
function mirroredCamera({ camera, width }: Picture, mirrored: boolean): Float32Array {
  const [fx, fy, cx, cy] = camera!;
  // Four zeros stand for an unknown camera and stay that.
  return Float32Array.of(fx, fy, mirrored && fx !== 0 ? width - 1 - cx : cx, cy);
}
