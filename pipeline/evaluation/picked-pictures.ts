import path from 'node:path';
import { type CameraIntrinsics, DepthcastError, type Frame, type Size, scaleIntrinsics } from '../../frames/index.ts';
import type { Footage, ReadOptions } from '../sources/frame-source.ts';
import { decodePicture, pictureSize } from '../sources/reading/decode-picture.ts';
import { type Picture, type PlayRequest, sourceOf } from '../sources/reading/read-frames.ts';

/** A picture that is a frame of a data set, wherever it lies. */
export interface PickedPicture {
  readonly file: string;
  readonly name: string;
  /** Seconds. */
  readonly timestamp: number;
  /** True where the picture before it is not the frame before it. */
  readonly starts: boolean;
  /** Camera at the picture's own size. */
  readonly camera?: ((size: Size) => CameraIntrinsics | undefined) | undefined;
}

/** Pictures decoded ahead of the one that is taken. */
const AHEAD = 3;

/**
 * A source of pictures from many places, of many sizes and cameras: all are brought to the network's size, each with
 * its own camera. A picture that does not follow the one before it begins a new stretch. Throws `input-empty` without
 * pictures.
 */
export async function pickedPictures(pictures: readonly PickedPicture[]): Promise<Footage> {
  const first = pictures[0];
  if (!first) {
    throw new DepthcastError('input-empty', 'None of the pictures that are asked for is there.', {
      advice: 'Check the folder of the data set.',
    });
  }
  const { codec, width, height } = await pictureSize(first.file);
  const sizes = new Map<number, Size>();
  const base = sourceOf({
    info: {
      live: false,
      size: { width, height },
      frameCount: pictures.length,
      names: pictures.map(({ name }) => name),
      codec,
      intrinsics: undefined,
      hasPoses: false,
    },
    play,
  });
  return {
    info: base.info,
    async *frames(options: ReadOptions): AsyncGenerator<Frame, void, void> {
      for await (const frame of base.frames({ ...options, intrinsics: undefined })) {
        const sourceSize = sizes.get(frame.index)!;
        sizes.delete(frame.index);
        const camera = options.intrinsics ?? pictures[frame.index]!.camera?.(sourceSize);
        yield { ...frame, sourceSize, intrinsics: camera && scaleIntrinsics(camera, options.size) };
      }
    },
  };

  async function* play(request: PlayRequest): AsyncGenerator<Picture, void, void> {
    const waiting: Promise<Uint8Array<SharedArrayBuffer>>[] = [];
    let next = request.from;
    for (let i = next; i < pictures.length; i++) {
      for (; next < pictures.length && waiting.length < AHEAD; next++) {
        const decoding = decoded(next, request.size);
        // Its turn to fail comes when the pictures before it were delivered, and maybe never.
        decoding.catch(() => {});
        waiting.push(decoding);
      }
      const pixels = await waiting.shift()!;
      if (request.signal.aborted) return;
      const { name, timestamp, starts } = pictures[i]!;
      yield { ordinal: i, timestamp, pixels, name, segmentStart: starts && i > 0 ? 'time-gap' : undefined };
    }
  }

  async function decoded(at: number, size: Size): Promise<Uint8Array<SharedArrayBuffer>> {
    const { file } = pictures[at]!;
    const own = await pictureSize(path.resolve(file));
    sizes.set(at, own);
    return decodePicture(file, own, size);
  }
}
