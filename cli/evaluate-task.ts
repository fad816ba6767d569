import type { ReplaySubject } from 'rxjs';
import type { CameraIntrinsics, Size } from '../frames/index.ts';
import type { Evaluation } from '../pipeline/evaluation/evaluation.ts';
import type { Dataset } from '../pipeline/evaluation/open-dataset.ts';
import type { Preset } from '../pipeline/evaluation/presets.ts';
import type { Contestant } from './evaluate-contestants.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import type { Report } from './report.ts';

/** Ctrl-C, as an evaluation hears of it. */
export interface Interruption {
  /** The first look ends with what it has. */
  readonly stopped: ReplaySubject<void>;
  isAsked(): boolean;
  /** True where the second look is to end as well. */
  isCut(): boolean;
  /** The first look is over. */
  looksAgain(): void;
}

/** What an evaluation works on. */
export interface EvaluationTask {
  readonly place: string;
  readonly contestant: Contestant;
  readonly options: EvaluateOptions;
  readonly report: Report;
  readonly interruption: Interruption;
  /** Folder in which it is written down how far it came. */
  readonly progressFolder: string | undefined;
  /** Folder that its reports will be written to. */
  readonly reportFolder: string | undefined;
}

/** An evaluation under way. */
export interface Run {
  readonly dataset: Dataset;
  readonly evaluation: Evaluation;
  readonly camera: CameraIntrinsics | undefined;
  /** First frame that is still to be measured. */
  readonly from: number;
  readonly size: Size;
  readonly preset: Preset;
  readonly step: () => void;
}

/** Frames still to be read from `read` on; where only some are wanted the data set itself ends at the limit. */
export function limitOf({ maxFrames }: EvaluateOptions, { isWanted }: Dataset, read: number): number | undefined {
  return maxFrames === undefined || isWanted ? undefined : maxFrames - read;
}
