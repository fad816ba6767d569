import type { ErrorCode } from '../frames/index.ts';
import { DepthcastError } from '../frames/index.ts';
import type { ModelCard } from './card.ts';
import type { Device } from './device.ts';
import type { Picture } from './picture.ts';

/** What a thread or process needs to load a model. */
export interface LoadOrder {
  readonly card: ModelCard;
  /** Absolute path of each part's file. */
  readonly files: Readonly<Record<string, string>>;
  readonly contextOffsets: readonly number[];
  readonly threads: number;
  /** Where its graphs run. */
  readonly device: Device;
  /** Size of the picture of the first, trial run. */
  readonly trial: { readonly width: number; readonly height: number };
}

/** What an inference thread is started with. */
export interface ThreadOrder {
  readonly order: LoadOrder;
  /** Cells of its RuntimeGate. */
  readonly gate: Int32Array<SharedArrayBuffer>;
}

/** Counters of a worker since its model was ready. */
export interface InferenceStatistics {
  /** Windows or frames answered. */
  readonly runs: number;
  /** Passes of the frame graph; 0 for families without one. */
  readonly encoded: number;
  /** Milliseconds the worker spent on answers, waiting left out. */
  readonly busyMs: number;
}

/** To the worker. Answers come in the order of the requests. */
export type InferenceRequest =
  | { readonly type: 'estimate'; readonly id: number; readonly pictures: readonly Picture[] }
  /** End after what was asked before. */
  | { readonly type: 'close' }
  /** End now. */
  | { readonly type: 'stop' };

/** From the worker. `depth` is transferred, so it belongs to the receiver. */
export type InferenceReply =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: SentError }
  | {
      readonly type: 'depth';
      readonly id: number;
      readonly depth: Float32Array<ArrayBuffer>;
      readonly statistics: InferenceStatistics;
    }
  | { readonly type: 'missed'; readonly id: number; readonly error: SentError };

/** A DepthcastError on its way between threads, which do not keep classes. */
export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Packs an error; anything but a DepthcastError becomes one of `code`. */
export function sendableError(error: unknown, code: ErrorCode, message: string, advice: string): SentError {
  if (error instanceof DepthcastError) {
    return { code: error.code, message: error.message, advice: error.advice, facts: error.facts };
  }
  return { code, message, advice, facts: { cause: error instanceof Error ? error.message : String(error) } };
}

/** Unpacks an error. */
export function receivedError({ code, message, advice, facts }: SentError): DepthcastError {
  return new DepthcastError(code, message, { advice, facts });
}
