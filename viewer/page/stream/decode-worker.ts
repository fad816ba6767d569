import type { PackedDepth } from '../../../frames/wire.ts';
import { unpackCodes } from '../../client/received-frame.ts';

/*
 * Unpacks depth and picture of messages off the page's thread, with what browsers carry: DecompressionStream and
 * createImageBitmap. The answers are moved, not copied.
 */

/** What the page asks of the worker. */
export interface DecodeRequest {
  readonly id: number;
  readonly depth: PackedDepth;
  readonly picture: Uint8Array;
}

/** What comes back: the codes and the picture (none where there was none or it is broken), or why not. */
export type DecodeAnswer =
  | { readonly id: number; readonly codes: Uint16Array<ArrayBuffer>; readonly bitmap: ImageBitmap | undefined }
  | { readonly id: number; readonly failure: string };

// The page's type library knows windows only.
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<DecodeRequest>) => void) | null;
  postMessage(answer: DecodeAnswer, transfer?: Transferable[]): void;
};

scope.onmessage = ({ data }) => void answer(data);

async function answer({ id, depth, picture }: DecodeRequest): Promise<void> {
  try {
    const [codes, bitmap] = await Promise.all([unpackCodes(depth), bitmapOf(picture)]);
    scope.postMessage({ id, codes, bitmap }, bitmap ? [codes.buffer, bitmap] : [codes.buffer]);
  } catch (error) {
    scope.postMessage({ id, failure: (error as Error).message });
  }
}

async function bitmapOf(picture: Uint8Array): Promise<ImageBitmap | undefined> {
  if (picture.length === 0) return undefined;
  const blob = new Blob([picture as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' });
  return createImageBitmap(blob).catch(() => undefined);
}
