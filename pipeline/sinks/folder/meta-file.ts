import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type CameraIntrinsics, DepthcastError, type DepthKind, type Size } from '../../../frames/index.ts';
import { writeAtomically } from '../../files/atomic-file.ts';

/** What the results of a folder were made from and with; two runs that differ in it do not share a folder. */
export interface RunIdentity {
  /** Last part of the source's name. */
  readonly source: string;
  /** Id of the multi-frame model. */
  readonly model: string;
  /** SHA-256 of the model's card in hex, which names its graphs by hash. */
  readonly cardHash: string;
  readonly fallback: string | null;
  /** Offsets of the context frames. */
  readonly window: readonly number[];
  readonly kind: DepthKind;
  /** `metres` for `metric` depth; `arbitrary` where the scale is unknown. */
  readonly unit: 'metres' | 'arbitrary';
  /** Size of the footage, which is the size of the depth in `png16` and `npy`. */
  readonly size: Size;
  /** Size at which the network looked at it. */
  readonly networkSize: Size;
  /** Camera at `size`; `null` where unknown. */
  readonly intrinsics: CameraIntrinsics | null;
  /** Metres of the camera over the ground, where that gave the scale. */
  readonly cameraHeight?: number | undefined;
}

/** How a run ended; absent in a folder whose run was killed. */
export interface RunEnd {
  readonly how: 'end-of-source' | 'max-frames' | 'interrupted' | 'failed';
  /** Frames that are finished in every output of the folder. */
  readonly frames: number;
}

/** The whole of `DIR/meta.json`. */
export interface RunMeta extends RunIdentity {
  readonly versions: Readonly<Record<string, string>>;
  /** How to read each output's numbers. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Where the model ran last. */
  readonly device?: string | undefined;
  readonly ended?: RunEnd | undefined;
}

const STORED = z.looseObject({
  model: z.string(),
  outputs: z.record(z.string(), z.record(z.string(), z.unknown())),
  ended: z
    .object({ how: z.enum(['end-of-source', 'max-frames', 'interrupted', 'failed']), frames: z.number().int().min(0) })
    .optional(),
});

const IDENTITY: readonly (keyof RunIdentity)[] = [
  'source',
  'model',
  'cardHash',
  'fallback',
  'window',
  'kind',
  'unit',
  'size',
  'networkSize',
  'intrinsics',
  'cameraHeight',
];

/** `DIR/meta.json`: read once, written whole and atomically at each change. */
export class MetaFile {
  readonly path: string;
  #meta: RunMeta;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, meta: RunMeta) {
    this.path = path;
    this.#meta = meta;
  }

  /**
   * Opens the folder's meta.json. Without one, or where `anew`, the file begins with `identity` and is written at the
   * first {@link describe} or {@link end}.
   *
   * Throws `output-exists` where it tells of another model, size, source, camera or window than `identity`, or is none.
   */
  static async open(
    dir: string,
    identity: RunIdentity,
    versions: Readonly<Record<string, string>>,
    anew = false,
  ): Promise<MetaFile> {
    const path = join(dir, 'meta.json');
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw unreadable(path, error);
    });
    if (text === undefined || anew) return new MetaFile(path, { ...identity, versions, outputs: {} });
    let found: RunMeta;
    try {
      found = JSON.parse(text) as RunMeta;
      STORED.parse(found);
    } catch (error) {
      throw unreadable(path, error);
    }
    for (const key of IDENTITY) {
      const there = JSON.stringify(found[key]);
      const here = JSON.stringify(identity[key]);
      if (there === here) continue;
      throw new DepthcastError('output-exists', `${dir} holds results of another ${key}: ${there}, not ${here}.`, {
        advice: 'Choose another folder with --out, or delete that one.',
        facts: { dir, key, there: found[key], here: identity[key] },
      });
    }
    return new MetaFile(path, found);
  }

  get meta(): RunMeta {
    return this.#meta;
  }

  /** States how an output's numbers are to be read. */
  async describe(output: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
    if (JSON.stringify(this.#meta.outputs[output]) === JSON.stringify(facts)) return;
    this.#meta = { ...this.#meta, outputs: { ...this.#meta.outputs, [output]: facts } };
    await this.#write();
  }

  /** States that a run is under way, and where its model runs. */
  async begin(device: string | undefined): Promise<void> {
    this.#meta = { ...this.#meta, device: device ?? this.#meta.device };
    await this.end(undefined);
  }

  /** States how the run ended, or with `undefined` that one is under way. */
  async end(ended: RunEnd | undefined): Promise<void> {
    this.#meta = { ...this.#meta, ended };
    await this.#write();
  }

  /** Sinks state their facts at the same time; one write waits for the other and holds what both said. */
  #write(): Promise<void> {
    const write = (): Promise<void> => writeAtomically(this.path, `${JSON.stringify(this.#meta, undefined, 2)}\n`);
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }
}

function unreadable(path: string, cause: unknown): DepthcastError {
  return new DepthcastError('output-exists', `${path} is there but is not a meta.json that depthcast wrote.`, {
    advice: 'Choose another folder with --out, or delete that one.',
    facts: { path },
    cause,
  });
}
