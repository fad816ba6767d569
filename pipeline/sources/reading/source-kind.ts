import type { Readable } from 'node:stream';
import type { FfmpegBinary } from '../../ffmpeg/locate.ts';
import type { FrameSource } from '../frame-source.ts';
import type { CameraOptions } from '../live/camera-options.ts';

/** What the text that names a source turned out to be, before any entry of the shelf looked at it. */
export type Place =
  | { readonly kind: 'stdin' }
  | { readonly kind: 'url'; readonly url: URL }
  /** A camera of this machine, by number, path or name, and what is wished of it. */
  | { readonly kind: 'webcam'; readonly device: string; readonly wishes: URLSearchParams }
  /** A regular file, symbolic links followed. */
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number }
  /** `names` are those of its entries, in no order. */
  | { readonly kind: 'directory'; readonly path: string; readonly names: readonly string[] }
  /** A pattern in the last part of a path; `names` are the regular files that fit. */
  | { readonly kind: 'glob'; readonly path: string; readonly pattern: string; readonly names: readonly string[] };

/** How a source is opened. */
export interface OpenOptions {
  /** Takes the place for what it is said to be instead of looking. */
  readonly layout?: string | undefined;
  /**
   * What a hole in the numbers of pictures does, where the layout does not say it: end the stream with `sequence-gap`
   * (the default), or begin a new stretch behind it; times and poses are then taken by the pictures' numbers.
   */
  readonly onGap?: 'fail' | 'time-gap' | undefined;
  /** Ends the opening; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The ffmpeg to decode with; by default the one that is found on this machine. */
  readonly ffmpeg?: FfmpegBinary | undefined;
  /** What `-` reads; by default the process's stdin. */
  readonly stdin?: Readable | undefined;
  /** How a camera is connected to and watched. */
  readonly camera?: CameraOptions | undefined;
}

/** One entry of the shelf of sources. */
export interface SourceKind {
  /** Words for `--layout`; an entry may have more than one way to read the same place. */
  readonly layouts: readonly string[];
  /** One line for `--help`. */
  readonly summary: string;
  /** Whether a place is of this kind; asked in the shelf's order, the first that says yes opens it. Touches no network. */
  recognises(place: Place): boolean;
  /** Throws a DepthcastError within five seconds where a place cannot be read (a camera: within its start timeout). */
  open(place: Place, options: OpenOptions): Promise<FrameSource>;
}
