import type { ModelCard } from './card.ts';

/** A card with the place of its files. */
export interface FoundModel {
  readonly card: ModelCard;
  /** Absolute path of each part's file. */
  readonly files: Readonly<Record<string, string>>;
  /** `true` where the weights ship with depthcast; other models are tried in a process of their own first. */
  readonly shipped: boolean;
}
