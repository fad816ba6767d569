export { cardParts, contextOffsetsOf, depthKind, type ModelCard, parseCard } from './card.ts';
export type { DepthModel } from './depth-model.ts';
export type { FoundModel } from './found-model.ts';
export type { InferenceClient } from './inference-client.ts';
export type { InferenceStatistics } from './inference-messages.ts';
export { findModel, listCards, type OpenModelOptions, openModel } from './registry.ts';
