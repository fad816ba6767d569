import type { Size } from '../../../frames/index.ts';
import type { DepthSink } from '../../../operators/depth-sink.ts';
import type { MetaFile } from './meta-file.ts';

/** What a sink that writes into the folder of a run is told when it opens. */
export interface FolderSinkOptions {
  /** Folder of the run; it exists. */
  readonly dir: string;
  /** First frame that will be written, from 0; what a sink has of it and later it writes anew. */
  readonly from: number;
  /** Size of the decoded frames. */
  readonly networkSize: Size;
  /** `DIR/meta.json`, where a sink states how its numbers are to be read. */
  readonly meta: MetaFile;
}

/** One way of writing results into a folder: a line of the registry. */
export interface FolderSink {
  /** Its name in `--write`. */
  readonly name: string;
  /**
   * Number of frames from the first one on whose result is finished on disk; 0 for an empty folder. `names` are those of
   * the footage's frames where they are known beforehand.
   */
  finished(dir: string, names?: readonly string[]): Promise<number>;
  /** Opens the output for writing, from frame `from` on. Rejects with `output-failed`. */
  open(options: FolderSinkOptions): Promise<DepthSink>;
}
