import { DepthcastError } from '../../frames/index.ts';

/** An `option-invalid` error. */
export function invalidOption(message: string, advice: string, cause?: unknown): DepthcastError {
  return new DepthcastError('option-invalid', message, { advice, cause });
}
