import type { DepthMessage } from '../../../frames/wire.ts';
import type { DecodeAnswer, DecodeRequest } from './decode-worker.ts';

/** Depth codes and picture of a message. The bitmap is the receiver's to close. */
export interface Decoded {
  readonly codes: Uint16Array<ArrayBuffer>;
  readonly bitmap: ImageBitmap | undefined;
}

/** The page's end of the worker that unpacks messages. */
export class FrameDecoder {
  readonly #worker = new Worker(new URL('./decode-worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, (answer: DecodeAnswer) => void>();
  #next = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => {
      this.#waiting.get(data.id)?.(data);
      this.#waiting.delete(data.id);
    };
  }

  /** Resolves with `undefined` for a message whose depth is broken. */
  decode({ depth, picture }: DepthMessage): Promise<Decoded | undefined> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, (answer) => resolve('failure' in answer ? undefined : answer));
      this.#worker.postMessage({ id, depth, picture } satisfies DecodeRequest);
    });
  }
}
