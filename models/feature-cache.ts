import type { Tensor } from './onnx-session.ts';
import type { Picture } from './picture.ts';

/** What the frame graph answered for one picture, by output name. */
export type Features = Readonly<Record<string, Tensor>>;

/** Streams whose features are kept; the one not used for longest goes first. */
const mostStreams = 16;

interface Shelf {
  readonly width: number;
  readonly height: number;
  readonly entries: Map<number, { readonly camera: Picture['camera']; readonly features: Features }>;
}

/**
 * Features of the last few frames of each stream, so that a window of frames costs one encoder pass: that of its new
 * frame. A stream whose frames change their size starts afresh; a frame seen with another camera is encoded again.
 */
export class FeatureCache {
  readonly #perStream: number;
  readonly #shelves = new Map<string, Shelf>();

  /** `perStream`: frames kept of each stream, at least those of one window. */
  constructor(perStream: number) {
    this.#perStream = perStream;
  }

  /** The picture's features, by `encode` where they are not kept. Calls must not overlap. */
  async get(picture: Picture, encode: (picture: Picture) => Promise<Features>): Promise<Features> {
    const { entries } = this.#shelf(picture);
    let entry = entries.get(picture.key);
    if (!entry || !sameCamera(entry.camera, picture.camera)) {
      entry = { camera: picture.camera, features: await encode(picture) };
    }
    // Set again at the end: a Map keeps the order of insertion, so the first entry is the one to let go.
    entries.delete(picture.key);
    entries.set(picture.key, entry);
    dropFirst(entries, this.#perStream);
    return entry.features;
  }

  clear(): void {
    this.#shelves.clear();
  }

  #shelf(picture: Picture): Shelf {
    let shelf = this.#shelves.get(picture.stream);
    if (!shelf || shelf.width !== picture.width || shelf.height !== picture.height) {
      shelf = { width: picture.width, height: picture.height, entries: new Map() };
    }
    this.#shelves.delete(picture.stream);
    this.#shelves.set(picture.stream, shelf);
    dropFirst(this.#shelves, mostStreams);
    return shelf;
  }
}

function dropFirst<K, V>(map: Map<K, V>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size <= limit) return;
    map.delete(key);
  }
}

function sameCamera(one: Picture['camera'], other: Picture['camera']): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.every((value, at) => value === other[at]);
}
