import type { ModelCard } from '../card.ts';
import type { OnnxFile } from '../onnx-file.ts';
import type { OnnxSession, Tensor } from '../onnx-session.ts';
import type { Picture } from '../picture.ts';

/** A graph of a model, ready to run. */
export interface LoadedPart {
  readonly session: OnnxSession;
  readonly graph: OnnxFile;
}

/** A model ready to answer, inside its thread. */
export interface FamilyRunner {
  /** The raw answer for the first picture; the others are its context. Calls must not overlap. */
  answer(pictures: readonly Picture[]): Promise<Tensor>;
  /** Encoder passes so far, for families that have an encoder of their own. */
  readonly encoded: number;
  /** Forgets every frame, and starts counting again. */
  reset(): void;
}

/** How a kind of network turns a window of pictures into runs of its graphs. */
export interface Family {
  /** Checks the graphs of a card, as their files state them; throws a DepthcastError `model-shape`. */
  check(card: ModelCard, graphs: Readonly<Record<string, OnnxFile>>): void;
  /** `contextOffsets` says which frames a window holds besides the target. */
  open(card: ModelCard, parts: Readonly<Record<string, LoadedPart>>, contextOffsets: readonly number[]): FamilyRunner;
}
