export { type CheckpointOrder, convertCheckpoint } from './convert.ts';
export { type Imported, type ImportOrder, importModel } from './import.ts';
export { type PullOptions, pullModel } from './pull.ts';
export { removeModel } from './remove.ts';
export { type ModelState, stateOf } from './state.ts';
export { type VerifiedPart, verifyModel } from './verify.ts';
