import type { ModelCard } from '../card.ts';
import { cachedFeatures } from './cached-features.ts';
import type { Family } from './family.ts';
import { singleGraph } from './single-graph.ts';
import { windowGraph } from './window-graph.ts';

/** Every family a card may name. */
export const families: Readonly<Record<ModelCard['family'], Family>> = {
  'windowed-features': cachedFeatures,
  'features-single': cachedFeatures,
  'single-graph': singleGraph,
  'window-graph': windowGraph,
};
