/** Every way a user can make depthcast fail, by name. Scripts may rely on these words. */
export type ErrorCode =
  | 'input-not-found'
  | 'input-empty'
  | 'input-not-regular'
  | 'input-format'
  | 'input-truncated'
  | 'input-no-video'
  | 'input-no-pictures'
  | 'input-dimensions'
  | 'input-refused'
  | 'sequence-gap'
  | 'timestamps-invalid'
  | 'calibration-invalid'
  | 'source-unreachable'
  | 'source-auth'
  | 'source-lost'
  | 'source-not-found'
  | 'source-transport'
  | 'source-timeout'
  | 'source-stalled'
  | 'source-refused'
  | 'ffmpeg-missing'
  | 'decoder-crashed'
  | 'decoder-output'
  | 'model-not-found'
  | 'model-invalid'
  | 'model-shape'
  | 'model-hash'
  | 'model-crashed'
  | 'model-download'
  | 'model-offline'
  | 'python-missing'
  | 'option-invalid'
  | 'output-exists'
  | 'output-failed'
  | 'port-in-use'
  | 'wire-format'
  | 'not-built';

/**
 * A failure a user can cause or mend. `message` is one sentence of what happened, `advice` one of what to do; neither
 * holds a password. `facts` are for logs and `--json`.
 */
export class DepthcastError extends Error {
  readonly code: ErrorCode;
  readonly advice: string;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly advice: string; readonly facts?: Readonly<Record<string, unknown>>; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DepthcastError';
    this.code = code;
    this.advice = options.advice;
    this.facts = options.facts ?? {};
  }
}
